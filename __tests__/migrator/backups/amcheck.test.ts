/** On a PostgreSQL of its own: an index that no longer fits its table is found. */
import { Client } from "pg";
import { checkPages } from "../../../migrator/backups/amcheck";
import { OwnServer, password } from "./own-server";

jest.setTimeout(60_000);

let own: OwnServer | undefined;
beforeAll(async () => {
  own = await OwnServer.start("pg_amcheck");
});
afterAll(() => own?.stop());

async function ask(sql: string): Promise<void> {
  const client = new Client({
    host: "127.0.0.1",
    port: own!.server.port,
    user: "postgres",
    password,
    database: "postgres",
  });
  await client.connect();
  await client.query(sql);
  await client.end();
}

test("sound pages, then an index in another order than its operators say", async () => {
  if (own === undefined) return;
  const said: string[] = [];
  const check = () =>
    checkPages(own!.variables, (line) => void said.push(line), new AbortController().signal);

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
