/** On a PostgreSQL of its own: a database comes back while its service tries to get in all the time. */
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import { pgvectorPrograms } from "../../../lab/servers/pgvector";
import { startPostgres, type PostgresServer } from "../../../lab/servers/postgres";
import { adminOf, asAdmin } from "../../../migrator/backups/admin";
import { dumpDatabase } from "../../../migrator/backups/dump";
import { databasesOf } from "../../../migrator/backups/manifest";
import { restoreDump } from "../../../migrator/backups/restore-dump";

jest.setTimeout(60_000);

const run = promisify(execFile);
const before = process.env.PATH;
const password = "of the test";
let folder: string;
let server: PostgresServer;
let bin: string | undefined;

beforeAll(async () => {
  bin = await pgvectorPrograms(16).then(
    (programs) => path.join(programs, "bin"),
    (error: Error) => void console.log(`skipped: no pg_dump here: ${error.message}`),
  );
  if (bin === undefined) return;
  process.env.PATH = `${bin}:${before}`;
  folder = await fs.mkdtemp(path.join(tmpdir(), "pgmoor-restore-"));
  await fs.chmod(folder, 0o755);
  server = await startPostgres({ directory: path.join(folder, "server"), password, fsync: false });
});
afterAll(async () => {
  process.env.PATH = before;
  if (bin === undefined) return;
  await server.stop();
  await fs.rm(folder, { recursive: true, force: true });
});

/** As the service: makes its table where there is none, and adds a row. @returns whether it got in */
async function asService(): Promise<boolean> {
  const client = new Client({ host: "127.0.0.1", port: server.port, user: "app", password, database: "app" });
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("CREATE TABLE IF NOT EXISTS notes (n int)");
    await client.query("INSERT INTO notes VALUES (0)");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

test("it gets in when every row is back and compared, and not before", async () => {
  if (bin === undefined) return;
  // GIVEN a database, its dump and its loss
  const variables = {
    PGHOST: "127.0.0.1",
    PGPORT: String(server.port),
    PGUSER: "postgres",
    PGPASSWORD: password,
  };
  const psql = (database: string, sql: string) =>
    run("psql", ["--quiet", `--dbname=${database}`, `--command=${sql}`], {
      env: { PATH: process.env.PATH, PGSSLMODE: "disable", ...variables },
    });
  await psql("postgres", `CREATE ROLE app LOGIN PASSWORD '${password}'`);
  await psql("postgres", "CREATE DATABASE app OWNER app");
  await psql("app", "SET ROLE app; CREATE TABLE notes AS SELECT n FROM generate_series(1, 200000) AS n");
  const stop = new AbortController().signal;
  const all = await asAdmin(adminOf(variables), databasesOf);
  const database = all.find(({ name }) => name === "app")!;
  const dumped = await dumpDatabase(variables, database, folder, "app.dump", stop);
  await psql("postgres", "DROP DATABASE app");

  // WHEN
  let done = false;
  const service = (async () => {
    while (!(await asService())) if (done) break;
    return done;
  })();
  const restored = await restoreDump({
    server: variables,
    folder,
    database: dumped,
    as: "app",
    // The last thing that it says: the rows are compared by then.
    log: () => (done = true),
    stop,
  });

  // THEN
  expect(restored.rows).toBe(200_000);
  expect(await service).toBe(true);
  expect(await asService()).toBe(true);
});
