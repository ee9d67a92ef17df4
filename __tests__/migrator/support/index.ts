import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import Libsql from "libsql";
import { Client } from "pg";
import { buildMigrator } from "../../../migrator/image/build";
import type { TestServer } from "../../support/global-setup";

/*
 * Fixed facts of these tests.
 *
 * - The server is the jest run's own; every test file makes databases of its own, each owned by a role of its own that is no
 *   superuser, as a service's is.
 * - SQLite files are written by libsql; one with an unmerged log is a copy of the files of a connection still open.
 * - The app's image is played by `node` with a script that runs SQL: the schema task runs it through the real task-wrapper.sh.
 */

/** Where task-wrapper.sh is; the tests run it as Nomad does, from a file. */
export const schemaScript = path.resolve(__dirname, "../../../migrator/peer/task-wrapper.sh");

/** Removes and closes what a test has made, the last thing first. Use as `afterAll(() => cleanup.run())`. */
export class Cleanup {
  private readonly steps: (() => unknown)[] = [];

  add(step: () => unknown): void {
    this.steps.push(step);
  }

  async run(): Promise<void> {
    for (const step of this.steps.splice(0).reverse()) await step();
  }

  /** A new folder, gone at the end. */
  folder(): string {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "pgmoor-test-"));
    this.add(() => fs.rmSync(folder, { recursive: true, force: true }));
    return folder;
  }
}

/** A service's database, empty, with its role. */
export class Database {
  private constructor(
    readonly name: string,
    readonly password: string,
    readonly server: TestServer,
    /** As the service's role. */
    readonly client: Client,
  ) {}

  /** @param server the run's own by default. */
  static async create(
    cleanup: Cleanup,
    server = JSON.parse(process.env.PGMOOR_TEST_PG ?? "{}") as TestServer,
    encoding = "UTF8",
  ): Promise<Database> {
    const name = `t_${randomBytes(6).toString("hex")}`;
    const password = `secret-${randomBytes(9).toString("hex")}`;
    const admin = new Client({ ...server, database: "postgres" });
    await admin.connect();
    await admin.query(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
    await admin.query(
      `CREATE DATABASE ${name} OWNER ${name} TEMPLATE template0 ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C'`,
    );
    // As `client` is of the role, so would confirm take it for the app: it has a database user of its own to hide behind.
    const client = new Client({ ...server, user: server.user, database: name, application_name: "test" });
    await client.connect();
    client.on("error", () => undefined);
    await client.query(`SET SESSION AUTHORIZATION ${name}`);
    cleanup.add(async () => {
      await client.end();
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.query(`DROP ROLE ${name}`);
      await admin.end();
    });
    return new Database(name, password, server, client);
  }

  /** The variables of a task of this service. */
  get environment(): Record<string, string> {
    return {
      PGHOST: this.server.host,
      PGPORT: String(this.server.port),
      PGUSER: this.name,
      PGPASSWORD: this.password,
      PGDATABASE: this.name,
      PGSSLMODE: "prefer",
    };
  }

  async query<T extends object = Record<string, unknown>>(sql: string, values?: unknown[]): Promise<T[]> {
    return (await this.client.query<T>(sql, values)).rows;
  }
}

/** Writes a SQLite file. With `log`, those statements stay in an unmerged write-ahead log beside it. */
export function writeSqlite(file: string, sql: string, log?: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const live = `${file}.live`;
  const database = new Libsql(live);
  try {
    if (log !== undefined) database.exec("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0");
    database.exec("PRAGMA foreign_keys = OFF");
    database.exec(sql);
    if (log !== undefined) {
      database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      database.exec(log);
      fs.copyFileSync(`${live}-wal`, `${file}-wal`);
    }
    fs.copyFileSync(live, file);
  } finally {
    database.close();
    for (const suffix of ["", "-wal", "-shm"]) fs.rmSync(live + suffix, { force: true });
  }
}

/** What a process left behind. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a program; `done` resolves when it has ended, however it did. Killed at the end if it still runs. */
export function start(
  cleanup: Cleanup,
  command: string,
  args: readonly string[],
  environment: Record<string, string>,
  cwd?: string,
): { child: ChildProcess; done: Promise<Outcome> } {
  const child = spawn(command, args, {
    cwd,
    env: { PATH: process.env.PATH ?? "", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const done = new Promise<Outcome>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  cleanup.add(() => child.kill("SIGKILL"));
  return { child, done };
}

type Started = ReturnType<typeof start>;

/** Waits for migrate and its peer. As Nomad does, ends the peer when migrate has failed. */
export async function bothEnd(migrate: Started, peer: Started): Promise<[Outcome, Outcome]> {
  const outcome = await migrate.done;
  if (outcome.code !== 0) peer.child.kill("SIGTERM");
  return [outcome, await peer.done];
}

/** Polls until there is an answer; for conditions of other processes. */
export async function eventually<T>(
  look: () => T | undefined | Promise<T | undefined>,
  seconds = 10,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await look();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${look.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

let built: Promise<string> | undefined;

/** The bundle, built once for each test file into a folder of its own, far from any node_modules. */
export function migratorBundle(cleanup: Cleanup): Promise<string> {
  const file = path.join(cleanup.folder(), "pgmoor-migrator.cjs");
  built ??= buildMigrator(file).then(() => file);
  return built;
}

/** A script that runs SQL in the service's database, as the app's image does to build its schema. */
function appScript(sql: string): string {
  return `
    const { Client } = require(${JSON.stringify(require.resolve("pg"))});
    const client = new Client({ application_name: "app", ssl: false });
    client.connect().then(() => client.query(${JSON.stringify(sql)})).then(() => client.end());`;
}

/** One service with its volumes, its database and its job's tasks, run by hand. */
export class Service {
  readonly source: string;
  readonly snapshots: string;
  readonly allocation: string;
  readonly config: string;
  /** Where the task has its token for Nomad and the socket of the task API. */
  secrets: string | undefined;
  private readonly folder: string;

  constructor(
    private readonly cleanup: Cleanup,
    readonly database: Database,
    /** What the app builds in an empty database. Has to bear being run again, as an app's has. */
    private readonly schema: string,
    overrides: Record<string, unknown> = {},
  ) {
    this.folder = cleanup.folder();
    this.source = path.join(this.folder, "data", "app.db");
    this.snapshots = path.join(this.folder, "backup", "app");
    this.allocation = path.join(this.folder, "alloc");
    this.config = path.join(this.folder, "config.json");
    fs.mkdirSync(path.join(this.folder, "data"));
    fs.mkdirSync(this.allocation);
    this.configure(overrides);
  }

  configure(overrides: Record<string, unknown>): void {
    const config = {
      service: "app",
      source: { kind: "sqlite", file: this.source, schema: { kind: "command" } },
      snapshots: this.snapshots,
      migrationTables: ["app_migrations"],
      health: "http://127.0.0.1:1/alive",
      deadlines: { migrateSeconds: 30, confirmSeconds: 5 },
      ...overrides,
    };
    fs.writeFileSync(this.config, JSON.stringify(config));
  }

  /** Changes how the app builds its schema. */
  buildBy(schema: Record<string, string>): void {
    this.configure({ source: { kind: "sqlite", file: this.source, schema } });
  }

  environment(allocationId = "alloc-1"): Record<string, string> {
    return {
      ...this.database.environment,
      NOMAD_ALLOC_DIR: this.allocation,
      NOMAD_ALLOC_ID: allocationId,
      NOMAD_TASK_DIR: this.folder,
      ...(this.secrets === undefined ? {} : { NOMAD_SECRETS_DIR: this.secrets }),
    };
  }

  startMigrator(task: string, ...more: string[]): Promise<ReturnType<typeof start>> {
    return this.startMigratorWith({}, task, ...more);
  }

  /** @param environment in place of what the task would have. */
  async startMigratorWith(
    environment: Record<string, string>,
    task: string,
    ...more: string[]
  ): Promise<ReturnType<typeof start>> {
    const bundle = await migratorBundle(this.cleanup);
    const args =
      task === "ledger" ? [bundle, task, ...more] : [bundle, task, "--config", this.config, ...more];
    return start(this.cleanup, process.execPath, args, { ...this.environment(), ...environment });
  }

  startSchemaTask(): ReturnType<typeof start> {
    const program = [process.execPath, "-e", appScript(this.schema)];
    return start(this.cleanup, "sh", [schemaScript, "30", "command", "--", ...program], this.environment());
  }

  /** Runs both prestart tasks, side by side. */
  async migrate(): Promise<Outcome & { schema: Outcome }> {
    const schema = this.startSchemaTask();
    const migrator = await this.startMigrator("migrate");
    const [outcome, schemaOutcome] = await bothEnd(migrator, schema);
    return { ...outcome, schema: schemaOutcome };
  }

  /** Runs both prestart tasks, which must end well; answers migrate's report. */
  async migrated(): Promise<Record<string, unknown>> {
    const outcome = await this.migrate();
    if (outcome.code !== 0 || outcome.schema.code !== 0) {
      throw new Error(`${outcome.stdout}${outcome.stderr}${outcome.schema.stdout}${outcome.schema.stderr}`);
    }
    return report(outcome);
  }

  async ledger(): Promise<{ attempt: number; state: string; rescued: string | null }[]> {
    return this.database.query("SELECT attempt, state, rescued FROM pgmoor.ledger ORDER BY attempt");
  }

  /** Plays the poststart and a user, without the wait. */
  async setState(state: string): Promise<void> {
    await this.database.query(
      "UPDATE pgmoor.ledger SET state = $1 WHERE attempt = (SELECT max(attempt) FROM pgmoor.ledger)",
      [state],
    );
  }
}

/** The last line of a task's log, as JSON. */
export function report(outcome: Outcome): Record<string, unknown> {
  return JSON.parse(outcome.stdout.trim().split("\n").at(-1) ?? "") as Record<string, unknown>;
}
