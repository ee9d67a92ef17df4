import { randomBytes, randomInt } from "node:crypto";
import * as fs from "node:fs";
import { startPostgres, type PostgresServer } from "../../../lab/servers/postgres";
import { isRunning } from "../../../lab/servers/process";
import { freePorts } from "../../../lab/servers/wait";
import { query } from "../postgres/support";
import { Cleanup, type Database, eventually, Service, writeSqlite } from "../support";

const kills = process.env.PGMOOR_THOROUGH ? 20 : 2;
const rows = 20_000;

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(30_000 + kills * 15_000);

const schema = `
  CREATE TABLE IF NOT EXISTS app_migrations (version text PRIMARY KEY); INSERT INTO app_migrations VALUES ('1') ON CONFLICT DO NOTHING;
  CREATE TABLE IF NOT EXISTS people (id integer PRIMARY KEY, name text NOT NULL);
  CREATE TABLE IF NOT EXISTS notes (id integer PRIMARY KEY, person integer NOT NULL REFERENCES people, body text);
  CREATE INDEX IF NOT EXISTS notes_person ON notes (person);`;

const sqlite = `
  CREATE TABLE app_migrations (version TEXT PRIMARY KEY); INSERT INTO app_migrations VALUES ('1');
  CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL); INSERT INTO people VALUES (1, 'Ana'), (2, 'Bo');
  CREATE TABLE notes (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people, body TEXT);
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
  INSERT INTO notes SELECT i, 1 + i % 2, 'note ' || i FROM n;`;

/** A server of its own, on one port and one folder, that can be killed and started again. */
class Mortal {
  private server: PostgresServer | undefined;
  private readonly directory = cleanup.folder();
  readonly password = randomBytes(9).toString("hex");

  constructor(private readonly port: number) {
    fs.chmodSync(this.directory, 0o755);
    cleanup.add(() => this.server?.stop());
  }

  /** What was committed has to be there afterwards: with fsync. Sessions of before may take a moment to end. */
  async start(): Promise<void> {
    const { directory, password, port } = this;
    this.server = await eventually(
      () => startPostgres({ directory, password, port }).catch(() => undefined),
      30,
    );
  }

  async kill(): Promise<void> {
    const { identity: server } = this.server!.server;
    process.kill(server.pid, "SIGKILL");
    await eventually(() => (isRunning(server) ? undefined : true));
  }

  /** As a service's role and database. */
  get database(): Pick<Database, "environment"> {
    return {
      environment: {
        PGHOST: "127.0.0.1",
        PGPORT: String(this.port),
        PGUSER: "app",
        PGPASSWORD: this.password,
        PGDATABASE: "app",
      },
    };
  }

  query<T extends object>(database: string, sql: string): Promise<T[]> {
    const { password, port } = this;
    return query<T>({ host: "127.0.0.1", port, user: "postgres", password }, database, sql);
  }
}

test(`the server killed at ${kills} random moments of a copy: nothing or all of it is there, and the next run ends verified`, async () => {
  const server = new Mortal((await freePorts(1))[0]!);
  await server.start();
  await server.query("postgres", `CREATE ROLE app LOGIN PASSWORD '${server.password}'`);
  await server.query("postgres", "CREATE DATABASE app OWNER app TEMPLATE template0");
  const service = new Service(cleanup, server.database as Database, schema);
  writeSqlite(service.source, sqlite);
  const copied = () =>
    server.query<{ state: string; people: number; notes: number }>(
      "app",
      `SELECT (SELECT state FROM pgmoor.ledger ORDER BY attempt DESC LIMIT 1) AS state,
              (SELECT count(*)::int FROM people) AS people, (SELECT count(*)::int FROM notes) AS notes`,
    );
  const constraints = () =>
    server.query(
      "app",
      "SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1",
    );

  let uncommitted = 0;
  for (let kill = 0; kill < kills; kill++) {
    const schemaTask = service.startSchemaTask();
    const { child, done } = await service.startMigrator("migrate");
    let seen = "";
    child.stdout?.on("data", (chunk: Buffer) => (seen += chunk.toString()));
    await eventually(() => (seen.includes("the app built its schema") ? true : undefined), 20);
    // The first at once: at least one falls before the commit.
    const moment = performance.now() + (kill === 0 ? 0 : randomInt(0, 400));
    await eventually(() => (performance.now() >= moment ? true : undefined));
    await server.kill();
    await Promise.all([done, schemaTask.done]);
    await server.start();
    const [found] = await copied();
    if (found!.state === "copied") expect(found).toMatchObject({ people: 2, notes: rows });
    else {
      expect(found).toEqual({ state: "started", people: 0, notes: 0 });
      uncommitted++;
    }
    expect(await constraints()).toHaveLength(4);
  }
  expect(uncommitted).toBeGreaterThan(0);

  const report = await service.migrated();
  expect(report).toMatchObject({ outcome: "verified", rows: rows + 2 });
  expect(await copied()).toEqual([{ state: "copied", people: 2, notes: rows }]);
});
