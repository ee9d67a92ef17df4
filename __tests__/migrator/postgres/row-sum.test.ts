/** On a real server: what a checksum of rows tells apart, and what it does not. */
import type { Client } from "pg";
import { pgvectorPrograms } from "../../../lab/servers/pgvector";
import { postgresPrograms } from "../../../lab/servers/postgres";
import { tablesOf } from "../../../migrator/postgres/catalog";
import { sumOf } from "../../../migrator/postgres/sums";
import { connect } from "../../../migrator/server/connection";
import { loginOf } from "../../../migrator/server/login";
import type { TestServer } from "../../support/global-setup";
import { Cleanup, Database } from "../support";
import { query, startServer } from "./support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

let client: Client;
beforeAll(async () => {
  client = await prepared(await Database.create(cleanup));
});

/** A session as a move has it, in a database with some types of an app's. */
async function prepared(database: Database): Promise<Client> {
  const session = await connect(loginOf(database.environment));
  cleanup.add(() => session.end());
  await session.query(`
    SET search_path = '';
    CREATE TYPE public.mood AS ENUM ('low', 'high');
    CREATE TYPE public.pair AS (a integer, b text);
    CREATE DOMAIN public.price AS numeric CHECK (VALUE < 1000);
    CREATE DOMAIN public.share AS float8 CHECK (VALUE < 1);
    CREATE DOMAIN public.label AS char(9);
    CREATE COLLATION public.caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`);
  return session;
}

/** Fills a new table and answers its checksum. */
async function checksum(columns: string, values: string, session = client): Promise<string> {
  await session.query(`CREATE TABLE public.t (${columns})`);
  try {
    await session.query(`INSERT INTO public.t VALUES ${values}`);
    const [table] = await tablesOf(session);
    return (await sumOf(session, table!)).checksum;
  } finally {
    await session.query("DROP TABLE public.t");
  }
}

/** Two values: the smallest step apart, or such as print alike, hash alike, or are equal to the server's own operators. */
const pairs: readonly (readonly [type: string, one: string, other: string])[] = [
  ["bool", "false", "true"],
  ["int2", "1", "2"],
  ["int4", "1", "2"],
  ["int8", "1", "4294967296"],
  ["int8", "9223372036854775806", "9223372036854775807"],
  ["numeric", "1.0", "1.00"],
  ["numeric", "1e200", "1e200 + 1"],
  ["numeric", "'NaN'", "NULL"],
  ["float4", "1", "1.0000001"],
  ["float4", "0", "'-0'"],
  ["float8", "1", "1.0000000000000002"],
  ["float8", "0", "'-0'"],
  ["float8", "'NaN'", "NULL"],
  ["bytea", "'\\x00'", "'\\x0000'"],
  ["uuid", "'00000000-0000-0000-0000-000000000000'", "'00000000-0000-0000-0000-000000000001'"],
  ["inet", "'10.0.0.1'", "'10.0.0.1/24'"],
  ["cidr", "'10.0.0.0/24'", "'10.0.0.0/25'"],
  ["macaddr", "'00:00:00:00:00:01'", "'00:00:00:00:00:02'"],
  ["bit(3)", "B'100'", "B'101'"],
  ["varbit", "B'10'", "B'100'"],
  ["text", "'a'", "'a '"],
  ["text", "''", "NULL"],
  ["text", "'é'", "'e' || chr(769)"],
  ["text COLLATE public.caseless", "'a'", "'A'"],
  ["varchar(9)", "'a'", "'A'"],
  ["bpchar", "'a'", "'a '"],
  ["char(9)", "'a'", "'b'"],
  ["json", `'{"a":1}'`, `'{"a": 1}'`],
  ["jsonb", `'{"a": 1.0}'`, `'{"a": 1.00}'`],
  ["date", "'2026-01-01'", "'2026-01-02'"],
  ["date", "'infinity'", "'-infinity'"],
  ["time", "'12:00'", "'12:00:00.000001'"],
  ["time", "'00:00'", "'24:00'"],
  ["timetz", "'12:00+00'", "'13:00+01'"],
  ["timestamp", "'2000-01-01 00:00:00.000001'", "'2000-01-01 01:11:34.967296'"],
  ["timestamptz", "'2026-01-01 00:00:00Z'", "'2026-01-01 00:00:00.000001Z'"],
  ["interval", "'1 month'", "'30 days'"],
  ["interval", "'24 hours'", "'1 day'"],
  ["money", "1.00", "1.01"],
  ["xml", "'<a/>'", "'<a></a>'"],
  ["int4[]", "'{1}'", "'[0:0]={1}'"],
  ["text[]", "'{NULL}'", "'{\"NULL\"}'"],
  ["float8[]", "'{0}'", "'{-0}'"],
  ["int4range", "'[1,2)'", "'[1,3)'"],
  ["tsvector", "'a:1'", "'a:2'"],
  ["point", "'(1,1)'", "'(1,1.0000000000000002)'"],
  ["name", "'a'", "'b'"],
  ['"char"', "'a'", "'b'"],
  ["public.mood", "'low'", "'high'"],
  ["public.mood[]", "'{low}'", "'{high}'"],
  ["public.pair", "'(1,)'", `'(1,"")'`],
  ["public.price", "1.0", "1.00"],
  ["public.share", "0", "'-0'"],
  ["public.label", "'a'", "'b'"],
];

test.each(pairs)("%s: %s is not %s, nor is either where the other was", async (type, one, other) => {
  const column = `n int, v ${type}`;
  const first = await checksum(column, `(1, ${one})`);
  expect(await checksum(column, `(1, ${one})`)).toBe(first);
  expect(await checksum(column, `(1, ${other})`)).not.toBe(first);

  // In other rows. The sum of sums by column would find no difference, or by chance: so it is asked several times.
  const rows = (even: string, odd: string, n: number) => `(${n}, ${even}), (${n + 1}, ${odd})`;
  for (const n of [1, 3, 5, 7, 9, 11]) {
    const before = await checksum(column, rows(one, other, n));
    expect(await checksum(column, rows(other, one, n))).not.toBe(before);
  }

  // In other columns.
  const columns = `v ${type}, w ${type}`;
  expect(await checksum(columns, `(${other}, ${one})`)).not.toBe(
    await checksum(columns, `(${one}, ${other})`),
  );
});

test("a value is not another type's in its place, and a row counts as often as it is there", async () => {
  const all = pairs.map(([type], index) => `v${index} ${type}`).join(", ");
  const values = (changed?: number) =>
    `(${pairs.map(([, one, other], index) => (index === changed ? other : one)).join(", ")})`;
  const first = await checksum(all, values());
  expect(await checksum(all, values())).toBe(first);
  const sums = [first];
  for (const index of pairs.keys()) sums.push(await checksum(all, values(index)));
  sums.push(await checksum(all, `${values()}, ${values()}`));
  expect(new Set(sums).size).toBe(pairs.length + 2);
});

test("NaN is NaN, by whatever bits it is stored", async () => {
  // What the processor makes of this has the sign bit on x86.
  for (const type of ["float8", "float4"])
    expect(await checksum(`v ${type}`, `('Infinity'::${type} - 'Infinity'::${type})`)).toBe(
      await checksum(`v ${type}`, "('NaN')"),
    );
});

test("a table without columns has rows all the same", async () => {
  await client.query("CREATE TABLE public.bare (); INSERT INTO public.bare DEFAULT VALUES");
  const [table] = await tablesOf(client);
  expect(await sumOf(client, table!)).toMatchObject({ rows: 1, form: "sent" });
  await client.query("DROP TABLE public.bare");
});

test("which tables are copied in the binary form", async () => {
  const isBinary = async (columns: string) => {
    await client.query(`CREATE TABLE public.t (${columns})`);
    const [table] = await tablesOf(client);
    await client.query("DROP TABLE public.t");
    return table!.binary;
  };
  for (const type of [
    ...["int", "numeric(9, 2)", "varchar(9)", "real", "text[]", "interval", "jsonb"],
    ...["public.mood", "public.price", "public.label"],
  ])
    expect([type, await isBinary(`a ${type}, b int`)]).toEqual([type, true]);
  // Their binary forms have OIDs of the server's own, or may change with the release.
  for (const type of ["public.pair", "public.mood[]", "public.price[]", "tsvector", "regclass", "money"])
    expect([type, await isBinary(`a int, b ${type}`)]).toEqual([type, false]);
  // The server computes it.
  expect(await isBinary("a int, b xml GENERATED ALWAYS AS (NULL) STORED")).toBe(true);
});

const releases: readonly (readonly [number, () => Promise<string>])[] = [
  [14, () => postgresPrograms(14)],
  // From a Python wheel, as the client programs.
  [18, () => pgvectorPrograms(18)],
];
if (process.env.PGMOOR_THOROUGH === undefined)
  console.log("skipped without PGMOOR_THOROUGH=1: PostgreSQL 18");

test.each(releases.slice(0, process.env.PGMOOR_THOROUGH === undefined ? 1 : 2))(
  "neither the database's encoding nor the release makes a difference: %i",
  async (_, programs) => {
    // GIVEN
    const old = await startServer(cleanup, await programs());
    const name = "latin";
    await query(
      old,
      "postgres",
      `CREATE DATABASE ${name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
    );
    const { host, port, user, password } = old as TestServer;
    const other = await connect(
      loginOf({
        ...{ PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password },
        ...{ PGDATABASE: name, PGSSLMODE: "disable" },
      }),
    );
    cleanup.add(() => other.end());
    await other.query(`
    SET search_path = '';
    -- So that the others have other OIDs than there.
    CREATE TYPE public.gap AS (a int);
    CREATE TYPE public.mood AS ENUM ('low', 'high');
    CREATE TYPE public.pair AS (a integer, b text);
    CREATE DOMAIN public.price AS numeric CHECK (VALUE < 1000);
    CREATE DOMAIN public.share AS float8 CHECK (VALUE < 1);
    CREATE DOMAIN public.label AS char(9)`);
    // What LATIN1 has, and a wheel that is built without XML.
    const known = pairs.filter(([type, , two]) => !/COLLATE|xml/.test(type) && !/chr\(769\)/.test(two));
    const columns = [...known.map(([type]) => type), "text", "json", "text[]", "public.pair"];
    const described = columns.map((type, index) => `v${index} ${type}`).join(", ");
    const values = [...known.map(([, one]) => one), "'é'", `'"é"'`, "'{é}'", "'(1,é)'"];

    // WHEN THEN
    expect(await checksum(described, `(${values.join(", ")})`, other)).toBe(
      await checksum(described, `(${values.join(", ")})`),
    );
  },
);
