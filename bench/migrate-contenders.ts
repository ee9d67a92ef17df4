import * as fs from "node:fs";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";
import { Client } from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import type { PostgresServer } from "../lab/servers/postgres";
import type { Config } from "../migrator/job/config";
import { run } from "./migrate-run";
import type { Kind } from "./migrate-kinds";

/** Where it all happens: a server that several databases are made in, and a folder of this run. */
export interface Place {
  readonly server: PostgresServer;
  readonly password: string;
  readonly folder: string;
}

export async function connect({ server, password }: Place, database: string): Promise<Client> {
  const { host, port, user } = server;
  const client = new Client({ host, port, user, password, database, ssl: false });
  await client.connect();
  return client;
}

let databases = 0;
const held = new Set<string>();

/** A new database; what was written before is on disk, and not to be paid for by the next. */
export async function newDatabase(place: Place): Promise<string> {
  const name = `bench_${++databases}`;
  const admin = await connect(place, "postgres");
  held.add(name);
  await admin.query(`CREATE DATABASE ${name} TEMPLATE template0`);
  await admin.query("CHECKPOINT");
  await admin.end();
  return name;
}

/** Drops all of them: autovacuum would work on them while the next ones are timed. */
export async function dropDatabases(place: Place): Promise<void> {
  const admin = await connect(place, "postgres");
  for (const name of held) await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
  await admin.end();
  held.clear();
}

export interface Ours {
  /** From the schema being there to the commit, without the second look at the source. */
  readonly seconds: number;
  /** Snapshot, integrity check, scratch copy, the second look at the source, and the app that builds its schema. */
  readonly apart: number;
  /** Peak of the process's memory. */
  readonly mib: number;
  readonly database: string;
}

/** The job's two tasks, and what the second one runs when the first one asks for it. */
export interface Job {
  /** Of this run; removed at its end. */
  readonly home: string;
  readonly bundle: string;
  readonly config: Config;
  readonly program: { readonly kind: "command" | "server"; readonly words: readonly string[] };
  readonly env: NodeJS.ProcessEnv;
  /** Words of the log, the first of which begins what is timed. */
  readonly marks: readonly string[];
}

export interface Ran {
  /** When each mark was seen, in milliseconds. */
  readonly at: readonly number[];
  readonly begun: number;
  /** Peak of the migrator's memory. */
  readonly mib: number;
}

/** @throws Error when the move fails or a mark is missing */
export async function runJob({ home, bundle, config, program, env, marks }: Job): Promise<Ran> {
  const configFile = path.join(home, "config.json");
  fs.writeFileSync(configFile, JSON.stringify(config));
  const memory = path.join(home, "memory.cjs");
  fs.writeFileSync(
    memory,
    `process.on("exit", () => console.log("maxRSS " + process.resourceUsage().maxRSS));`,
  );
  const at = new Map<string, number>();
  let mib = 0;
  const begun = performance.now();
  const look = (line: string) => {
    const mark = marks.find((words) => line.includes(words));
    if (mark !== undefined) at.set(mark, performance.now());
    const peak = /^maxRSS (\d+)/.exec(line)?.[1];
    if (peak !== undefined) mib = Number(peak) / 1024;
  };
  // Without a migrator that asks for it, the other task would wait for an hour.
  const failed = new AbortController();
  const script = path.join(__dirname, "../migrator/peer/task-wrapper.sh");
  const args = [script, "3600", program.kind, "--", ...program.words];
  const other = run("sh", args, env, look, failed.signal);
  const migrate = ["-r", memory, bundle, "migrate", "--config", configFile];
  const code = await run(process.execPath, migrate, env, look);
  if (code !== 0) failed.abort();
  await other;
  const moments = marks.map((mark) => at.get(mark));
  if (code !== 0 || moments.includes(undefined)) throw new Error(`the migrator ended with ${code}`);
  fs.rmSync(home, { recursive: true });
  return { at: moments as number[], begun, mib };
}

/** What both tasks have in their environment. */
export function jobEnvironment(
  { server, password }: Place,
  home: string,
  database: string,
): NodeJS.ProcessEnv {
  const { host, port, user } = server;
  return {
    ...{ PATH: process.env.PATH, NOMAD_ALLOC_DIR: home, NOMAD_TASK_DIR: home, MALLOC_ARENA_MAX: "1" },
    ...{ PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password },
    ...{ PGDATABASE: database, PGSSLMODE: "disable" },
  };
}

/** What does not differ from source to source. */
export const settings = (home: string) => ({
  service: "bench",
  snapshots: path.join(home, "snapshots"),
  migrationTables: [],
  health: "http://127.0.0.1:1/",
  deadlines: { migrateSeconds: 3600, confirmSeconds: 60, healthySeconds: 300, waitSeconds: 180 },
});

/** A move from SQLite, as a job runs it. */
export async function ours(place: Place, bundle: string, kind: Kind, source: string): Promise<Ours> {
  const database = await newDatabase(place);
  const home = fs.mkdtempSync(path.join(place.folder, "job-"));
  const app = path.join(home, "app.cjs");
  fs.writeFileSync(
    app,
    `const { Client } = require(${JSON.stringify(require.resolve("pg"))});
     const client = new Client({ ssl: false });
     client.connect().then(() => client.query(${JSON.stringify(kind.schema)})).then(() => client.end());`,
  );
  const { at, begun, mib } = await runJob({
    home,
    bundle,
    config: {
      ...settings(home),
      source: { kind: "sqlite", file: source, schema: { kind: "command" } },
      rules: [...(kind.rules ?? [])],
      verify: process.env.PGMOOR_BENCH_FULL ? "full" : "sample",
    },
    program: { kind: "command", words: [process.execPath, app] },
    env: jobEnvironment(place, home, database),
    marks: ["the app built its schema", "verified:", "the source has not changed", "committed"],
  });
  const [built, verified, looked, committed] = at as [number, number, number, number];
  const again = looked - verified;
  return {
    seconds: (committed - built - again) / 1000,
    apart: (built - begun + again) / 1000,
    mib,
    database,
  };
}

/** The limit; `copied` is a database that holds the rows. */
export async function limit(place: Place, kind: Kind, copied: string): Promise<number> {
  const { tables, keys } = kind;
  const fileOf = (table: string) => path.join(place.folder, `${table}.tsv`);
  const from = await connect(place, copied);
  for (const table of tables)
    await pipeline(from.query(copyTo(`COPY ${table} TO STDOUT`)), fs.createWriteStream(fileOf(table)));
  await from.end();
  const database = await connect(place, await newDatabase(place));
  await database.query(kind.schema);
  if (kind.referred !== undefined) await database.query(kind.referred);
  const begun = performance.now();
  await database.query(`BEGIN; ${keys?.drop ?? ""}; TRUNCATE ${tables.join(", ")}`);
  for (const table of tables) {
    const rows = database.query(copyFrom(`COPY ${table} FROM STDIN WITH (FREEZE)`));
    await pipeline(fs.createReadStream(fileOf(table), { highWaterMark: 1 << 18 }), rows);
  }
  await database.query(`${keys?.make ?? ""}; COMMIT`);
  const seconds = (performance.now() - begun) / 1000;
  await database.end();
  for (const table of tables) fs.rmSync(fileOf(table));
  return seconds;
}

/** pgloader, data only; `undefined` when it is not installed. */
export async function pgloader(
  place: Place,
  kind: Kind,
  source: string,
  rows: number,
): Promise<number | undefined> {
  const name = await newDatabase(place);
  const database = await connect(place, name);
  await database.query(kind.schema);
  const { host, port, user } = place.server;
  const commands = path.join(place.folder, "commands.load");
  fs.writeFileSync(
    commands,
    `LOAD DATABASE FROM sqlite://${source} INTO postgresql://${user}:${place.password}@${host}:${port}/${name}
     WITH data only, truncate, disable triggers, reset no sequences;`,
    { mode: 0o600 },
  );
  const said: string[] = [];
  const begun = performance.now();
  const args = ["--root-dir", path.join(place.folder, "pgloader"), commands];
  const code = await run("pgloader", args, process.env, (line) => said.push(line));
  const seconds = (performance.now() - begun) / 1000;
  const counts = kind.tables.map((table) => `(SELECT count(*) FROM ${table})`).join(" + ");
  const found = await database.query<{ rows: string }>(`SELECT ${counts} AS rows`);
  await database.end();
  if (code === undefined) return undefined;
  if (code !== 0 || found.rows[0]?.rows !== String(rows)) {
    throw new Error(
      `pgloader ended with ${code} and ${found.rows[0]?.rows} rows:\n${said.slice(-30).join("\n")}`,
    );
  }
  return seconds;
}
