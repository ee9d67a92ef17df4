/** On a PostgreSQL of its own: an index that no longer fits its table is found. */
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { Client } from "pg";
import { pgvectorPrograms } from "../../../lab/servers/pgvector";
import { startPostgres, type PostgresServer } from "../../../lab/servers/postgres";
import { checkPages } from "../../../migrator/backups/amcheck";

jest.setTimeout(60_000);

let folder: string;
let server: PostgresServer;
let bin: string | undefined;
const password = "of the test";
const path_ = process.env.PATH;

beforeAll(async () => {
  bin = await pgvectorPrograms(16).then(
    (programs) => path.join(programs, "bin"),
    (error: Error) => void console.log(`skipped: no pg_amcheck here: ${error.message}`),
  );
  if (bin === undefined) return;
  process.env.PATH = `${bin}:${path_}`;
  folder = await fs.mkdtemp(path.join(tmpdir(), "pgmoor-amcheck-"));
  await fs.chmod(folder, 0o755);
  server = await startPostgres({ directory: path.join(folder, "server"), password, fsync: false });
});
afterAll(async () => {
  process.env.PATH = path_;
  if (bin === undefined) return;
  await server.stop();
  await fs.rm(folder, { recursive: true, force: true });
});

async function ask(sql: string): Promise<void> {
  const client = new Client({
    host: "127.0.0.1",
    port: server.port,
    user: "postgres",
    password,
    database: "postgres",
  });
  await client.connect();
  await client.query(sql);
  await client.end();
}

test("sound pages, then an index in another order than its operators say", async () => {
  if (bin === undefined) return;
  const variables = {
    PGHOST: "127.0.0.1",
    PGPORT: String(server.port),
    PGUSER: "postgres",
    PGPASSWORD: password,
  };
  const said: string[] = [];
  const check = () => checkPages(variables, (line) => void said.push(line), new AbortController().signal);

  // GIVEN an index whose order a function decides
  await ask(`
    CREATE FUNCTION compare(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT btint4cmp($1, $2)';
    CREATE OPERATOR CLASS own_order FOR TYPE int USING btree AS
      OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 compare(int, int);
    CREATE TABLE notes AS SELECT n FROM generate_series(1, 1000) AS n;
    CREATE INDEX by_own_order ON notes (n own_order)`);
  expect(await check()).toBe(true);
  expect(said).toEqual(["amcheck: every page and every B-tree index is sound"]);

  // WHEN the function changes, as a collation does with another C library
  await ask(
    "CREATE OR REPLACE FUNCTION compare(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT btint4cmp($2, $1)'",
  );

  // THEN
  await expect(check()).rejects.toThrow(/corrupt pages or indexes: .*by_own_order/s);
});
