/** `migrate --schema`: the app builds its schema, and what it makes with it is known to be its own. */
import * as fs from "node:fs";
import * as path from "node:path";
import { Cleanup, Database, type Outcome, report, writeSqlite } from "../migrator/support";
import { Program } from "./program";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(60_000);

let program: Program;
beforeAll(async () => {
  program = await Program.build(cleanup);
});

const schema = `CREATE TABLE IF NOT EXISTS roles (id integer PRIMARY KEY, name text, made timestamptz);
  INSERT INTO roles VALUES (1, 'admin', now()), (9, 'new', now()) ON CONFLICT DO NOTHING`;
const sqlite = "CREATE TABLE roles (id INTEGER PRIMARY KEY, name TEXT, made TEXT);";

async function service(rows: string) {
  const database = await Database.create(cleanup);
  const folder = cleanup.folder();
  writeSqlite(path.join(folder, "app.db"), `${sqlite} ${rows}`);
  const { PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD = "" } = database.environment;
  const target = `postgresql://${PGUSER}@${PGHOST}:${PGPORT}/${PGDATABASE}`;
  // The app, whose own schema command takes libpq's variables.
  const app = path.join(folder, "app.js");
  fs.writeFileSync(
    app,
    `const { Client } = require(${JSON.stringify(require.resolve("pg"))});
     const client = new Client({ ssl: false });
     client.connect().then(() => client.query(${JSON.stringify(schema)})).then(() => client.end());
     console.log("built by the app");`,
  );
  const migrate = (...more: string[]): Promise<Outcome> =>
    program.start(folder, ["migrate", "--source", "app.db", "--target", target, "--json", ...more], {
      PGPASSWORD,
      PATH: process.env.PATH ?? "",
    }).done;
  const names = () => database.query("SELECT id, name FROM roles ORDER BY id");
  return { database, folder, app: `${process.execPath} ./app.js`, migrate, names };
}

test("seeds are replaced unasked, named and counted; what the command says is not in the report", async () => {
  const { app, migrate, names, folder } = await service(
    "INSERT INTO roles VALUES (1, 'admin', '2020-01-01 00:00:00Z')",
  );
  const moved = await migrate("--schema", app);
  expect([moved.code, moved.stderr]).toEqual([0, "built by the app\n"]);
  expect(report(moved)).toMatchObject({
    outcome: "verified",
    rows: 1,
    notes: { replacedRows: { roles: 1 } },
  });
  expect(await names()).toEqual([{ id: 1, name: "admin" }]);
  expect(fs.readdirSync(path.join(folder, "pgmoor-snapshots"))).toEqual([
    expect.stringMatching(/^attempt-1-/),
  ]);
});

test("a database with tables is refused: nobody could tell whose their rows are", async () => {
  const { app, migrate, database, names } = await service("");
  await database.query(`SET ROLE ${database.name}`);
  await database.query("CREATE TABLE roles (id integer, name text); INSERT INTO roles VALUES (7, 'mine')");
  const refused = await migrate("--schema", app);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(
    "--schema is for an empty database, and this one has 1 tables, such as roles",
  );
  expect(await names()).toEqual([{ id: 7, name: "mine" }]);
});

test("a command that fails is said, and what was built before it failed does not stand in the way", async () => {
  const { app, migrate, names } = await service("INSERT INTO roles VALUES (2, 'user', NULL)");
  const failed = await migrate("--schema", `${app}; exit 3`);
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain(
    "no row was copied; a part of the app's schema may be there: --schema ended with exit code 3",
  );
  const moved = await migrate("--schema", app);
  expect(moved.code).toBe(0);
  expect(await names()).toEqual([{ id: 2, name: "user" }]);
});

test("nothing is tried without a schema, and a PostgreSQL brings its own", async () => {
  const { app, migrate } = await service("");
  const dry = await migrate("--schema", app, "--dry-run");
  expect([dry.code, dry.stderr]).toEqual([
    2,
    expect.stringContaining("--dry-run writes nothing, so there is no schema"),
  ]);
  const url = await migrate("--source", "postgresql://u@127.0.0.1:1/d", "--schema", app);
  expect([url.code, url.stderr]).toEqual([2, expect.stringContaining("--schema is for a SQLite file")]);
});
