/**
 * Times a backup of pgbench's data and the restore of its database, against two others on the same server in the same run.
 * The last line is JSON; every ratio is our time or size divided by theirs.
 *
 * - By hand: the same programs without pgmoor (`pg_dump`, `pg_dumpall`, `pg_basebackup`, restic), which check nothing and write
 *   no manifest. Its restore: restic, then `pg_restore -j 2`.
 * - Plain: `pg_dump -Fc` of the one database into a file, which is not encrypted and not checked. Its restore: `pg_restore -j 2`.
 *   It has no base backup, and leads to no second but its own: `dump` is what pgmoor does for the same, which is the dump with its
 *   manifest, stored in the repository. `plain` against the whole backup is there for comparison.
 *
 *   npm run bench:backups [-- SCALE]     pgbench's scale. Default 68, about 1 GB
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { onInterrupt } from "../lab/servers/cleanup";
import { pgvectorPrograms } from "../lab/servers/pgvector";
import { startPostgres, type PostgresServer } from "../lab/servers/postgres";
import { findTool } from "../lab/servers/programs";
import { adminOf, asAdmin } from "../migrator/backups/admin";
import { backUp, type Backing } from "../migrator/backups/backup";
import { dumpDatabase, dumpFile } from "../migrator/backups/dump";
import { databasesOf, type DatabaseManifest } from "../migrator/backups/manifest";
import { Repository, type Stored } from "../migrator/backups/repository";
import { restoreDatabase } from "../migrator/backups/restore";
import { restoreDump } from "../migrator/backups/restore-dump";
import type { ScratchServer } from "../migrator/backups/scratch-server";
import { serverVariables } from "../migrator/server/login";

const run = promisify(execFile);

/** Programs that restore at a time, in ours and in theirs. */
const jobs = 2;
const database = "bench";

interface Place {
  readonly folder: string;
  /** For PostgreSQL's client programs and restic. */
  readonly env: NodeJS.ProcessEnv;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}

async function sizeOf(folder: string): Promise<number> {
  const { stdout } = await run("du", ["--summarize", "--bytes", folder]);
  return Number(stdout.split("\t")[0]);
}

const tool = ({ env }: Place, program: string, ...args: string[]) =>
  run(program, args, { env, maxBuffer: 1 << 26 });

function withRepository(place: Place, name: string): Place {
  const RESTIC_REPOSITORY = path.join(place.folder, name);
  return {
    ...place,
    env: { ...place.env, RESTIC_REPOSITORY, RESTIC_CACHE_DIR: `${RESTIC_REPOSITORY}-cache` },
  };
}

interface Measured {
  readonly backup: number;
  readonly bytes: number;
  readonly restore: number;
}

async function ours(place: Place): Promise<Measured> {
  const own = withRepository(place, "ours");
  const stop = new AbortController().signal;
  const server = serverVariables(own.env);
  const repository = new Repository(own.env, path.join(place.folder, "ours.lock"), stop);
  const work = path.join(place.folder, "ours-work");
  await fs.mkdir(work);
  await repository.ensure();
  const backing: Backing = {
    config: {
      work,
      keep: { daily: 7, weekly: 4, monthly: 12, pointInTimeDays: 7 },
      walSeconds: 60,
      queries: {},
    },
    server,
    repository,
    log: (line) => console.error(`    ${line}`),
    stop,
  };
  const backup = await timed(() => backUp(backing));
  const bytes = await sizeOf(path.join(place.folder, "ours"));
  const restore = await timed(async () => {
    // There is no task of a scratch server to be told that it is not needed.
    const scratch = { skip: () => Promise.resolve() } as ScratchServer;
    const folder = path.join(place.folder, "ours-restore");
    await restoreDatabase(backing, scratch, folder, { database, as: "restored_ours" });
  });
  return { backup, bytes, restore };
}

/** What of a backup is for one database: its dump and manifest, in the repository. */
async function dump(place: Place): Promise<Measured> {
  const own = withRepository(place, "dump");
  const stop = new AbortController().signal;
  const server = serverVariables(own.env);
  const repository = new Repository(own.env, path.join(place.folder, "dump.lock"), stop);
  await repository.ensure();
  const stage = path.join(place.folder, "dump-stage");
  let stored: Stored | undefined;
  let dumped: DatabaseManifest | undefined;
  const backup = await timed(async () => {
    await fs.mkdir(path.join(stage, "dumps"), { recursive: true });
    const all = await asAdmin(adminOf(server), databasesOf);
    const properties = all.find(({ name }) => name === database)!;
    dumped = await dumpDatabase(server, properties, stage, dumpFile(database), stop);
    stored = await repository.store(stage, "bench", []);
    await fs.rm(stage, { recursive: true });
  });
  const restore = await timed(async () => {
    await repository.restore(stored!.id, stage, dumped!.file);
    const log = () => undefined;
    await restoreDump({ server, folder: stage, database: dumped!, as: "restored_dump", log, stop });
    await fs.rm(stage, { recursive: true });
  });
  return { backup, bytes: await sizeOf(path.join(place.folder, "dump")), restore };
}

async function byHand(place: Place): Promise<Measured> {
  const own = withRepository(place, "hand");
  await tool(own, "restic", "init", "--quiet");
  const stage = path.join(place.folder, "hand-stage");
  const backup = await timed(async () => {
    await fs.mkdir(stage);
    for (const name of ["postgres", database])
      await tool(own, "pg_dump", "--format=custom", "--compress=0", `--file=${stage}/${name}.dump`, name);
    await tool(own, "pg_dumpall", "--globals-only", "--no-role-passwords", `--file=${stage}/globals.sql`);
    await tool(own, "pg_basebackup", `--pgdata=${stage}/base`, "--checkpoint=fast", "--wal-method=stream");
    await tool(own, "restic", "backup", "--quiet", stage);
    await fs.rm(stage, { recursive: true });
  });
  const bytes = await sizeOf(path.join(place.folder, "hand"));
  const restore = await timed(async () => {
    const into = path.join(place.folder, "hand-restore");
    const dump = `${stage}/${database}.dump`;
    await tool(own, "restic", "restore", "latest", "--quiet", "--target", into, "--include", dump);
    await restoreFile(own, "restored_hand", path.join(into, dump));
    await fs.rm(into, { recursive: true });
  });
  return { backup, bytes, restore };
}

async function plain(place: Place): Promise<Measured> {
  const file = path.join(place.folder, "plain.dump");
  const backup = await timed(() => tool(place, "pg_dump", "--format=custom", `--file=${file}`, database));
  const restore = await timed(() => restoreFile(place, "restored_plain", file));
  return { backup, bytes: (await fs.stat(file)).size, restore };
}

async function restoreFile(place: Place, as: string, file: string): Promise<void> {
  await tool(place, "psql", "--quiet", "--dbname=postgres", `--command=CREATE DATABASE ${as}`);
  await tool(place, "pg_restore", `--dbname=${as}`, `--jobs=${jobs}`, file);
}

async function main(scale: number): Promise<void> {
  const folder = await fs.mkdtemp(path.join(tmpdir(), "pgmoor-bench-"));
  await fs.chmod(folder, 0o755);
  let server: PostgresServer | undefined;
  const clean = async () => {
    await server?.stop();
    await fs.rm(folder, { recursive: true, force: true });
  };
  const takeBack = onInterrupt(clean);
  try {
    const progress = (line: string) => console.error(line);
    const [programs, restic] = [await pgvectorPrograms(16), await findTool("restic", { progress })];
    await fs.mkdir(path.join(folder, "bin"));
    await fs.symlink(restic, path.join(folder, "bin/restic"));
    process.env.PATH = `${path.join(folder, "bin")}:${programs}/bin:${process.env.PATH}`;
    const password = randomBytes(16).toString("hex");
    const settings = { max_wal_size: "4GB", shared_buffers: "256MB", maintenance_work_mem: "128MB" };
    server = await startPostgres({ directory: path.join(folder, "server"), password, settings });
    const place: Place = {
      folder,
      env: {
        PATH: process.env.PATH,
        PGHOST: server.host,
        PGPORT: String(server.port),
        PGUSER: server.user,
        PGPASSWORD: password,
        PGDATABASE: "postgres",
        PGSSLMODE: "disable",
        RESTIC_PASSWORD: "of the bench",
      },
    };
    await tool(place, "psql", "--quiet", `--command=CREATE DATABASE ${database}`);
    await tool(place, "pgbench", "--initialize", "--quiet", `--scale=${scale}`, database);
    const { stdout } = await tool(
      place,
      "psql",
      "--tuples-only",
      `--command=CHECKPOINT; SELECT pg_database_size('${database}')`,
    );
    const bytes = Number(/\d+/.exec(stdout.replace("CHECKPOINT", ""))![0]);
    console.log(`${(bytes / 2 ** 30).toFixed(2)} GiB of pgbench's data`);
    const results: Record<string, Measured> = {};
    // Each finds the server as the one before left it: with no database restored.
    for (const [name, measure] of Object.entries({ plain, dump, byHand, ours })) {
      const result = (results[name] = await measure(place));
      for (const as of ["restored_plain", "restored_dump", "restored_hand", "restored_ours"])
        await tool(place, "psql", "--quiet", `--command=DROP DATABASE IF EXISTS ${as}`);
      console.log(
        `${name}: backup ${result.backup.toFixed(1)} s, ${Math.round(result.bytes / 2 ** 20)} MiB; restore ${result.restore.toFixed(1)} s`,
      );
    }
    console.log(JSON.stringify({ bytes, ...ratios(results) }));
  } finally {
    await clean();
    takeBack();
  }
}

function ratios({ plain, dump, byHand, ours }: Record<"plain" | "dump" | "byHand" | "ours", Measured>) {
  const ratio = (a: number, b: number) => Number((a / b).toFixed(2));
  const against = (one: Measured, other: Measured) => ({
    backupTime: ratio(one.backup, other.backup),
    backupSize: ratio(one.bytes, other.bytes),
    restoreTime: ratio(one.restore, other.restore),
  });
  return {
    vsByHand: against(ours, byHand),
    dumpVsPlain: against(dump, plain),
    wholeVsPlain: against(ours, plain),
  };
}

const scale = Number(process.argv[2] ?? 68);
if (!Number.isInteger(scale) || scale < 1) {
  console.error("npm run bench:backups [-- SCALE]: SCALE is pgbench's, a whole number");
  process.exitCode = 2;
} else
  main(scale).catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
