/** On a PostgreSQL of its own: a database comes back while its service tries to get in all the time. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Client } from "pg";
import { adminOf, asAdmin } from "../../../migrator/backups/admin";
import { contentsOf, type DatabaseManifest } from "../../../migrator/backups/manifest";
import { restoreDump } from "../../../migrator/backups/restore-dump";
import { OwnServer, password } from "./own-server";

jest.setTimeout(60_000);

const run = promisify(execFile);
let own: OwnServer | undefined;
beforeAll(async () => {
  own = await OwnServer.start("pg_dump");
});
afterAll(() => own?.stop());

const variables = () => own!.variables;
const psql = (database: string, sql: string) =>
  run("psql", ["--quiet", `--dbname=${database}`, `--command=${sql}`], {
    env: { PATH: process.env.PATH, PGSSLMODE: "disable", ...variables() },
  });
const stop = new AbortController().signal;

/** As the service: makes its table where there is none, and adds a row. @returns whether it got in */
async function asService(): Promise<boolean> {
  const client = new Client({
    host: "127.0.0.1",
    port: own!.server.port,
    user: "app",
    password,
    database: "app",
  });
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

const dump = (name: string) => own!.dump(name);
const restore = (database: DatabaseManifest, as: string) =>
  restoreDump({ server: variables(), folder: own!.folder, database, as, log: () => undefined, stop });

test("it gets in when every row is back and compared, and not before", async () => {
  if (own === undefined) return;
  // GIVEN a database, its dump and its loss
  await psql("postgres", `CREATE ROLE app LOGIN PASSWORD '${password}'`);
  await psql("postgres", "CREATE DATABASE app OWNER app");
  await psql("app", "SET ROLE app; CREATE TABLE notes AS SELECT n FROM generate_series(1, 200000) AS n");
  const dumped = await dump("app");
  await psql("postgres", "DROP DATABASE app");

  // WHEN
  let done = false;
  const service = (async () => {
    while (!(await asService())) if (done) break;
    return done;
  })();
  const restored = await restoreDump({
    server: variables(),
    folder: own.folder,
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

/** Values that hash alike, print alike, or are equal to the server's own operators. */
const alike: readonly (readonly [type: string, one: string, other: string])[] = [
  ["int8", "1", "4294967296"],
  ["int8", "-1", "4294967295 - 4294967296 * 2"],
  ["timestamp", "'2000-01-01 00:00:00.000001'", "'2000-01-01 01:11:34.967296'"],
  ["numeric", "1.0", "1.00"],
  ["float8", "0", "'-0'"],
  ["interval", "'1 month'", "'30 days'"],
  ["interval", "'24 hours'", "'1 day'"],
  ["jsonb", `'{"a": 1.0}'`, `'{"a": 1.00}'`],
  ["json", `'{"a":1}'`, `'{"a": 1}'`],
  ["text", "'a'", "'a '"],
  ["text", "''", "NULL"],
  ["text", "'é'", "'e' || chr(769)"],
  ["text COLLATE caseless", "'a'", "'A'"],
  ["varchar(9) COLLATE caseless", "'a'", "'A'"],
  ["bpchar", "'a'", "'a '"],
  ["bytea", "'\\x00'", "'\\x0000'"],
  ["text[]", "'{NULL}'", "'{\"NULL\"}'"],
  ["inet", "'10.0.0.1'", "'10.0.0.1/24'"],
  ["timetz", "'12:00+00'", "'13:00+01'"],
];

test("a checksum tells values apart that are alike", async () => {
  if (own === undefined) return;
  await psql("postgres", "CREATE DATABASE alike");
  await asAdmin(adminOf(variables(), "alike"), async (client) => {
    await client.query(
      "CREATE COLLATION public.caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
    );
    await client.query("SET search_path = pg_catalog, public");
    for (const [type, one, other] of alike) {
      const sums = [];
      for (const value of [one, other, one]) {
        await client.query(`CREATE TABLE public.t (n int, v ${type})`);
        await client.query(`INSERT INTO public.t VALUES (1, ${value})`);
        sums.push((await contentsOf(client)).tables["public.t"]!.checksum);
        await client.query("DROP TABLE public.t");
      }
      expect([type, one, sums[0] === sums[1]]).toEqual([type, one, false]);
      expect([type, one, sums[0] === sums[2]]).toEqual([type, one, true]);
    }
    // What two rows have is not mistaken for the same values the other way round, nor by chance told from them.
    await client.query("CREATE TABLE public.t (n int, m int)");
    for (let n = 0; n < 10; n++) {
      await client.query(`TRUNCATE public.t; INSERT INTO public.t VALUES (${n}, 2), (${n + 1}, 4)`);
      const before = (await contentsOf(client)).tables["public.t"]!;
      await client.query("UPDATE public.t SET m = 6 - m");
      const after = (await contentsOf(client)).tables["public.t"]!;
      expect(after.rows).toBe(2);
      expect(after.checksum).not.toBe(before.checksum);
    }
    for (const other of ["4711", "4713", "4715", "4717", "4719"]) {
      const put = (first: string, second: string) =>
        client.query(`SELECT lo_from_bytea(4701, '${first}'), lo_from_bytea(${other}, '${second}')`);
      const sums = async () => (await contentsOf(client)).tables["pg_catalog.pg_largeobject"]!;
      await put("one", "two");
      const before = await sums();
      await client.query(`SELECT lo_unlink(4701), lo_unlink(${other})`);
      await put("two", "one");
      expect(await sums()).not.toEqual(before);
      await client.query(`SELECT lo_unlink(4701), lo_unlink(${other})`);
    }
  });
});

test("a backup of an earlier version has other checksums: its rows are counted", async () => {
  if (own === undefined) return;
  await psql("postgres", "CREATE DATABASE earlier");
  await psql("earlier", "CREATE TABLE t AS SELECT generate_series(1, 10) AS n");
  const database = await dump("earlier");
  const earlier = (rows: number) => ({
    ...database,
    tables: { "public.t": { rows, checksum: "-9522827921731932690801" } },
  });
  const said: string[] = [];
  const restored = (rows: number) =>
    restoreDump({
      ...{ server: variables(), folder: own!.folder, database: earlier(rows), as: "of_earlier", stop },
      log: (line) => void said.push(line),
    });
  await expect(restored(11)).rejects.toThrow("11 rows in the backup, 10 in the restored database");
  expect((await restored(10)).rows).toBe(10);
  expect(said.join()).toContain("its checksums were not compared");
});

const odd = "host=x \"c'%*[x]/../é";

test("a database that is hard to restore: its name, large objects, no rows, no columns, unlogged, partitions, dropped columns", async () => {
  if (own === undefined) return;
  // GIVEN
  await asAdmin(adminOf(variables()), async (client) => {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(odd)}`);
  });
  await asAdmin(adminOf(variables(), odd), async (client) => {
    await client.query("SET search_path = public, pg_catalog");
    for (const sql of [
      "CREATE TABLE nothing (n int)",
      "CREATE TABLE bare ()",
      "INSERT INTO bare DEFAULT VALUES",
      "CREATE UNLOGGED TABLE fleeting AS SELECT generate_series(1, 10) AS n",
      `CREATE TABLE "Odd ""name""" ("a b" int, gone int, c text)`,
      `ALTER TABLE "Odd ""name""" DROP COLUMN gone`,
      `INSERT INTO "Odd ""name""" VALUES (1, E'a\tb\\n')`,
      "CREATE TABLE parts (n int) PARTITION BY RANGE (n)",
      "CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (10)",
      "INSERT INTO parts VALUES (1), (2)",
      "CREATE TABLE parent (n int)",
      "CREATE TABLE child (m int) INHERITS (parent)",
      "INSERT INTO parent VALUES (1)",
      "INSERT INTO child VALUES (2, 3)",
      "SELECT lo_from_bytea(4711, decode(repeat('ab', 5000), 'hex'))",
      // With a hole, which a dump fills with zeros.
      "SELECT lo_put(lo_create(4712), 9000, 'after the hole')",
      "SELECT lo_create(4713)",
    ])
      await client.query(sql);
  });
  const database = await dump(odd);
  const objects = database.tables["pg_catalog.pg_largeobject"];

  // WHEN THEN
  expect((await restore(database, "host=y '\\ again")).rows).toBe(1 + 10 + 1 + 2 + 2 + 3);
  expect(objects?.rows).toBe(3);

  // WHEN THEN one byte of a large object is not what it was
  await asAdmin(adminOf(variables(), odd), (client) => client.query("SELECT lo_put(4711, 100, 'x')"));
  expect((await dump(odd)).tables["pg_catalog.pg_largeobject"]).not.toEqual(objects);
});

test("two restores of the same name at once: one makes it, the other leaves it alone", async () => {
  if (own === undefined) return;
  await psql("postgres", "CREATE DATABASE twice");
  await psql("twice", "CREATE TABLE t AS SELECT generate_series(1, 50000) AS n");
  const database = await dump("twice");
  const both = await Promise.allSettled([restore(database, "both"), restore(database, "both")]);
  expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  const refused = both.find((one) => one.status === "rejected")!.reason as Error;
  expect(refused.message).toContain("there is a database both already");
  const { tables } = await asAdmin(adminOf(variables(), "both"), contentsOf);
  expect(tables["public.t"]).toEqual(database.tables["public.t"]);
});

/** Databases that run, and that a restore cannot bring back: their functions no longer say what they said to each row. */
const unrestorable: readonly (readonly [what: string, says: RegExp, sql: string])[] = [
  [
    "a constraint",
    /new row for relation "t" violates check constraint "t_s_check"/,
    `CREATE FUNCTION fits(s text) RETURNS bool LANGUAGE sql AS 'SELECT true';
     CREATE TABLE t (s text CHECK (public.fits(s)));
     INSERT INTO t VALUES (E'of two lines\nhunter2');
     CREATE OR REPLACE FUNCTION fits(s text) RETURNS bool LANGUAGE sql AS 'SELECT false'`,
  ],
  [
    "a domain",
    /value for domain public\.d violates check constraint "d_check"\nCONTEXT: {2}COPY t, line 1, column s\n/,
    `CREATE FUNCTION fits(s text) RETURNS bool LANGUAGE sql AS 'SELECT true';
     CREATE DOMAIN d AS text CHECK (public.fits(VALUE));
     CREATE TABLE t (s d);
     INSERT INTO t VALUES (E'of two lines\nhunter2');
     CREATE OR REPLACE FUNCTION fits(s text) RETURNS bool LANGUAGE sql AS 'SELECT false'`,
  ],
  [
    "a unique index",
    /could not create unique index "t_hunted_idx"\nCommand was: CREATE UNIQUE INDEX t_hunted_idx/,
    `CREATE FUNCTION hunted(s text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT s';
     CREATE TABLE t (s text);
     CREATE UNIQUE INDEX t_hunted_idx ON t (public.hunted(s));
     INSERT INTO t VALUES ('a'), ('b');
     CREATE OR REPLACE FUNCTION hunted(s text) RETURNS text LANGUAGE sql IMMUTABLE
       AS 'SELECT E''of two lines\\nhunter'' || length(s) + 1'`,
  ],
  [
    "a number",
    /ERROR: {2}value is out of range for type integer\n/,
    `CREATE FUNCTION short(s text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT length(s)';
     CREATE TABLE t (s text);
     CREATE INDEX t_short ON t (public.short(s));
     INSERT INTO t VALUES ('424242424242');
     CREATE OR REPLACE FUNCTION short(s text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT s::int'`,
  ],
];

test.each(unrestorable)("a restore that %s refuses says why, and no value of a row", async (_, says, sql) => {
  if (own === undefined) return;
  await psql("postgres", "DROP DATABASE IF EXISTS unrestorable");
  await psql("postgres", "CREATE DATABASE unrestorable");
  await psql("unrestorable", sql);
  const failed = await restore(await dump("unrestorable"), "again").catch((error: Error) => error.message);
  expect(failed).toMatch(says);
  expect(failed).not.toContain("hunter2");
  expect(failed).not.toContain("4242");
});
