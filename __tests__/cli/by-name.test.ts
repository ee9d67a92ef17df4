/** A service of the environment, moved by hand with what its definition says: nobody writes a file of rules. */
import * as fs from "node:fs";
import * as path from "node:path";
import { Cleanup, Database, report, start, writeSqlite, type Outcome } from "../migrator/support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const project = path.resolve(__dirname, "../..");

/** Vaultwarden's migrations differ between SQLite and PostgreSQL, and end with the same one: its definition says so. */
const record = "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY, run_on TIMESTAMP)";
const sqlite = `${record};
  INSERT INTO __diesel_schema_migrations VALUES ('20180114171611', '2026-01-01'), ('20240606131136', '2026-01-01');
  CREATE TABLE users (uuid TEXT PRIMARY KEY, email TEXT); INSERT INTO users VALUES ('a', 'a@home'), ('b', 'b@home');`;
const schema = `${record};
  INSERT INTO __diesel_schema_migrations VALUES ('20190912100000', '2026-01-01'), ('20240606131136', '2026-01-01');
  CREATE TABLE users (uuid CHAR(1) PRIMARY KEY, email VARCHAR(255))`;

/** The command line as a person's, of the environment `homelab`. */
async function bench() {
  const database = await Database.create(cleanup);
  await database.query(`SET ROLE ${database.name}`);
  await database.query(schema);
  const folder = cleanup.folder();
  writeSqlite(path.join(folder, "db.sqlite3"), sqlite);
  const { PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD = "" } = database.environment;
  const target = `postgresql://${PGUSER}@${PGHOST}:${PGPORT}/${PGDATABASE}`;
  const pgmoor = (command: string, ...more: string[]): Promise<Outcome> => {
    const args = [command, "--source", "db.sqlite3", "--target", target, "--json", ...more];
    const environment = { HOME: folder, INIT_CWD: folder, PGPASSWORD, PGMOOR_ENVIRONMENT: "homelab" };
    return start(cleanup, process.execPath, ["-r", "tsx/cjs", "cli/main.ts", ...args], environment, project)
      .done;
  };
  return { database, folder, pgmoor };
}

test("migrate, verify and back by a service's name", async () => {
  const { database, folder, pgmoor } = await bench();

  const unnamed = await pgmoor("migrate", "--dry-run");
  expect(unnamed.code).toBe(2);
  expect(unnamed.stderr).toContain("__diesel_schema_migrations");

  const moved = await pgmoor("migrate", "--service", "vaultwarden");
  expect([moved.code, moved.stderr]).toEqual([0, ""]);
  expect(report(moved)).toMatchObject({ outcome: "verified", service: "vaultwarden", rows: 2, tables: 1 });
  expect(await database.query("SELECT service FROM pgmoor.ledger")).toEqual([{ service: "vaultwarden" }]);

  const verified = await pgmoor("verify", "--service", "vaultwarden");
  expect([verified.code, verified.stderr]).toEqual([0, ""]);
  expect(report(verified)).toMatchObject({ outcome: "equal", rows: 2 });

  await database.query("INSERT INTO users VALUES ('c', 'c@home')");
  const back = await pgmoor("back", "--service", "vaultwarden", "--out", "back.sqlite3");
  expect([back.code, back.stderr]).toEqual([0, ""]);
  expect(report(back)).toMatchObject({ rows: 3 });
  expect(fs.existsSync(path.join(folder, "back.sqlite3"))).toBe(true);
});
