/** One backup: every database as a dump, the roles, the whole server as a base backup, and a manifest. All of it or nothing. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Client } from "pg";
import { messageOf } from "../base/errors";
import { requireSpace } from "../base/folders";
import type { Log } from "../base/progress";
import { amount } from "../base/progress";
import type { DatabaseLogin } from "../server/login";
import { adminOf, asAdmin } from "./admin";
import { baseBackup } from "./base";
import type { BackupConfig } from "./config";
import { dumpDatabase, dumpFile, dumpGlobals } from "./dump";
import { forgetOld, groupOf, marksOf, removeOldWal, tagsOf } from "./kept";
import {
  databasesOf,
  manifestFile,
  rowsOf,
  type DatabaseManifest,
  type Manifest,
  type Properties,
} from "./manifest";
import { begin, end } from "./record";
import type { Repository, Snapshot, Stored } from "./repository";
import { sideBySide } from "./side-by-side";
import { systemOf, walFolderOf } from "./wal-folder";

export interface Backing {
  readonly config: BackupConfig;
  readonly server: DatabaseLogin["variables"];
  readonly repository: Repository;
  readonly log: Log;
  readonly stop: AbortSignal;
}

/** What is printed in the last line. */
export interface BackupReport {
  readonly backup: string;
  readonly databases: number;
  readonly rows: number;
  readonly bytes: number;
  readonly added: number;
}

/** Waits for the server, which may be restarting. */
const serverSeconds = 120;

export async function backUp(backing: Backing): Promise<BackupReport> {
  const { server, log } = backing;
  return asAdmin(
    adminOf(server),
    async (client) => {
      const run = await begin(client, "backup");
      try {
        const { report, manifest } = await makeBackup(backing, client);
        const { backup, bytes, added } = report;
        const databases = manifest.databases.map(({ name }) => name);
        await end(client, run, { outcome: "done", backup, bytes, added, databases });
        return report;
      } catch (error) {
        await end(client, run, { outcome: "failed", message: messageOf(error) }).catch(() => undefined);
        throw error;
      }
    },
    { seconds: serverSeconds, log },
  );
}

async function makeBackup(
  backing: Backing,
  client: Client,
): Promise<{ report: BackupReport; manifest: Manifest }> {
  const { config, repository, log } = backing;
  const stage = path.join(config.work, "stage");
  // One that was killed could not remove its own.
  await fs.rm(stage, { recursive: true, force: true });
  if (await repository.ensure()) log(`made the repository ${repository.place}`);
  await fs.mkdir(stage, { recursive: true, mode: 0o700 });
  try {
    await requireSpace(stage, await bytesNeeded(client), "for a backup while it is made");
    const manifest = await fillStage(backing, client, stage);
    log(`storing it in ${repository.place}`);
    const stored = await repository.store(stage, groupOf(manifest), tagsOf(manifest));
    await readBack(repository, stored, manifest);
    await tidy(backing, manifest);
    const rows = manifest.databases.reduce((sum, database) => sum + rowsOf(database), 0);
    const report = {
      backup: manifest.id,
      databases: manifest.databases.length,
      rows,
      bytes: stored.bytes,
      added: stored.added,
    };
    log(
      `${manifest.id}: ${amount(stored.bytes)}, of which ${amount(stored.added)} are new to the repository`,
    );
    return { report, manifest };
  } finally {
    await fs.rm(stage, { recursive: true, force: true });
  }
}

/** The data directory, and a dump of it, which is smaller: indexes are not in it. */
async function bytesNeeded(client: Client): Promise<number> {
  const { rows } = await client.query<{ bytes: number }>(
    "SELECT sum(pg_database_size(oid))::float8 AS bytes FROM pg_database",
  );
  return 2 * rows[0]!.bytes + 128 * 1024 * 1024;
}

async function fillStage(
  { config, server, log, stop }: Backing,
  client: Client,
  stage: string,
): Promise<Manifest> {
  const started = new Date().toISOString();
  await fs.mkdir(path.join(stage, "dumps"));
  const all = await databasesOf(client);
  const folder = await walFolderOf(client, path.join(config.work, "wal"));
  const [databases, { reachableFrom, start }] = await sideBySide(
    stop,
    async (either) => {
      await dumpGlobals(server, path.join(stage, "globals.sql"), either);
      const dumped = [];
      for (const database of all) {
        const one = await dumpOne({ server, log, stop: either }, client, database, stage);
        if (one !== undefined) dumped.push(one);
      }
      return dumped;
    },
    async (either) => {
      const base = await baseBackup(server, path.join(stage, "base"), either);
      log(`base backup: checked, reaches any second from ${base.reachableFrom} on`);
      return base;
    },
  );
  const version = await client.query<{ version: string }>(
    "SELECT current_setting('server_version') AS version",
  );
  const manifest: Manifest = {
    pgmoor: "backup",
    id: started.replace(/[-:]|\.\d+/g, ""),
    server: version.rows[0]!.version,
    started,
    reachableFrom,
    wal: { folder, start },
    databases,
  };
  await fs.writeFile(path.join(stage, manifestFile), JSON.stringify(manifest));
  return manifest;
}

/** @returns undefined for a database that was dropped or renamed since the backup began */
async function dumpOne(
  { server, log, stop }: Pick<Backing, "server" | "log" | "stop">,
  client: Client,
  database: Properties,
  stage: string,
): Promise<DatabaseManifest | undefined> {
  const { name } = database;
  const file = dumpFile(name);
  try {
    const dumped = await dumpDatabase(server, database, stage, file, stop);
    log(`${name}: ${Object.keys(dumped.tables).length} tables, ${rowsOf(dumped)} rows`);
    return dumped;
  } catch (error) {
    stop.throwIfAborted();
    const there = await client.query("SELECT FROM pg_database WHERE datname = $1", [name]);
    if (there.rowCount !== 0) throw error;
    await fs.rm(path.join(stage, file), { force: true });
    log(`${name}: it was dropped or renamed since the backup began, and is not in it`);
    return undefined;
  }
}

/** That the repository gives back what it was given: a wrong key or a half upload would show here, not at a restore. */
async function readBack(repository: Repository, { id }: Stored, manifest: Manifest): Promise<void> {
  if ((await repository.read(id, manifestFile)) !== JSON.stringify(manifest))
    throw new Error(`the repository ${repository.place} gives back another manifest than was stored`);
}

/** The id of the newest backup of a server that is not this one. */
function otherServer(backups: readonly Snapshot[], { wal }: Manifest): string | undefined {
  const system = systemOf(wal.folder);
  const marks = backups.flatMap((snapshot) => marksOf(snapshot) ?? []);
  return marks.filter((one) => systemOf(one.wal.folder) !== system).at(-1)?.id;
}

async function tidy({ config, repository, log }: Backing, manifest: Manifest): Promise<void> {
  const left = await forgetOld(repository, manifest, config.keep);
  const other = otherServer(left, manifest);
  if (other !== undefined)
    log(
      `the repository also has backups of another server, the newest of them ${other}. They are kept. If that server's data was lost, restore it: pgmoor restore --all --backup ${other}`,
    );
  const wal = path.join(config.work, "wal");
  // `receive-wal` makes it, and fetches what the repository has.
  if ((await fs.stat(wal).catch(() => undefined)) === undefined) return;
  await removeOldWal(wal, left, config.keep, new Date());
}
