/** What the report finds in a real database: planted faults, each by name, and nothing in one that is well. */
import { findingsOf } from "../../report/inside";
import type { Finding } from "../../report/findings";
import { Cleanup, Database } from "../migrator/support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

let found: Finding[];
beforeAll(async () => {
  const { client } = await Database.create(cleanup);
  // Autovacuum is off for each, so that it does not correct what is planted meanwhile.
  await client.query(`
    CREATE TABLE parent (id int PRIMARY KEY) WITH (autovacuum_enabled = off);
    INSERT INTO parent SELECT generate_series(1, 100);
    CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent, note text) WITH (autovacuum_enabled = off);
    INSERT INTO child SELECT n, n % 100 + 1, md5(n::text) FROM generate_series(1, 60000) AS n;
    CREATE INDEX unused ON child (note);
    CREATE INDEX unused_again ON child (note);
    CREATE INDEX small ON parent (id);
    CREATE TABLE swollen (id int PRIMARY KEY, filler text) WITH (autovacuum_enabled = off);
    INSERT INTO swollen SELECT n, repeat('x', 500) FROM generate_series(1, 40000) AS n;
    DELETE FROM swollen WHERE id % 40 <> 0;
    CREATE TABLE never (id int) WITH (autovacuum_enabled = off);
    INSERT INTO never SELECT generate_series(1, 20000);
    CREATE TABLE dead (id int) WITH (autovacuum_enabled = off);
    INSERT INTO dead SELECT generate_series(1, 5000);
    UPDATE dead SET id = id + 1;
    CREATE TABLE searched (id int, name text) WITH (autovacuum_enabled = off);
    INSERT INTO searched SELECT n, n::text FROM generate_series(1, 12000) AS n`);
  await client.query("ANALYZE parent, child, dead, searched");
  // Else the rows that were deleted may be counted after the VACUUM that removed them.
  await client.query("SELECT pg_stat_force_next_flush()");
  await client.query("VACUUM ANALYZE swollen");
  await client.query(
    "DO $$ BEGIN FOR n IN 1..150 LOOP PERFORM FROM searched WHERE name = 'nobody' || n; END LOOP; END $$",
  );
  await client.query("SELECT pg_stat_force_next_flush()");
  await client.query("SELECT 1");
  found = await findingsOf(client);
}, 60_000);

const of = (kind: Finding["kind"]) => found.filter((one) => one.kind === kind).map((one) => one.of);

test.each([
  ["unused-index", ["public.unused", "public.unused_again"]],
  ["duplicate-index", ["public.small", "public.unused_again"]],
  ["foreign-key-without-index", ["public.child"]],
  ["bloat", ["public.swollen"]],
  ["vacuum", ["public.dead"]],
  ["analyze", ["public.never"]],
  ["missing-index", ["public.searched"]],
] as const)("%s", (kind, expected) => {
  expect(of(kind).sort()).toEqual(expected);
});

test("each says what to do", () => {
  const advice = (kind: Finding["kind"], name: string) =>
    found.find((one) => one.kind === kind && one.of === name)?.advice;
  expect(advice("foreign-key-without-index", "public.child")).toBe(
    "CREATE INDEX CONCURRENTLY ON public.child (parent)",
  );
  expect(advice("vacuum", "public.dead")).toMatch(/^ALTER TABLE public\.dead RESET \(autovacuum_enabled\)/);
  expect(advice("analyze", "public.never")).toBe("ANALYZE public.never");
  for (const { advice, what } of found) for (const text of [advice, what]) expect(text).not.toBe("");
});

test("nothing in an empty database", async () => {
  const { client } = await Database.create(cleanup);
  expect(await findingsOf(client)).toEqual([]);
});

test("names that need quotes are quoted", async () => {
  const { client } = await Database.create(cleanup);
  await client.query(`
    CREATE SCHEMA "Odd; DROP";
    CREATE TABLE "Odd; DROP"."ta""ble" (id int) WITH (autovacuum_enabled = off);
    INSERT INTO "Odd; DROP"."ta""ble" SELECT generate_series(1, 20000)`);
  await client.query("SELECT pg_stat_force_next_flush()");
  await client.query("SELECT 1");
  expect(await findingsOf(client)).toEqual([
    {
      kind: "analyze",
      of: '"Odd; DROP"."ta""ble"',
      what: "20000 rows, and never analyzed: the planner guesses",
      advice: 'ANALYZE "Odd; DROP"."ta""ble"',
    },
  ]);
});
