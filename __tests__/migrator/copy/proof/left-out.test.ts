/** What a copy does not touch is named, with the reason. */
import { leftOutOf } from "../../../../migrator/copy/left-out";
import { planCopy } from "../../../../migrator/copy/copy-plan";
import { connect } from "../../../../migrator/server/connection";
import { loginOf } from "../../../../migrator/server/login";
import { SqliteDatabase } from "../../../../migrator/sqlite/sqlite-database";
import { Bench } from "../../support/copying";
import { Cleanup } from "../../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("tables of either side, columns that stay NULL, and materialized views of other roles", async () => {
  const bench = await Bench.create(cleanup);
  await bench.schema(
    `CREATE TABLE t (a integer, vector text, filled integer DEFAULT 1, computed integer GENERATED ALWAYS AS (a) STORED);
     CREATE TABLE news (a integer); CREATE TABLE versions (version integer);
     CREATE MATERIALIZED VIEW own AS SELECT count(*) FROM t;
     RESET SESSION AUTHORIZATION; CREATE MATERIALIZED VIEW counts AS SELECT 1; SET SESSION AUTHORIZATION ${bench.database.name}`,
  );
  const file = bench.write(
    `CREATE TABLE t (a); CREATE TABLE gone (a); CREATE TABLE versions (version);
     CREATE VIRTUAL TABLE found USING fts5(a)`,
  );
  const source = SqliteDatabase.open(file, "app.db");
  cleanup.add(() => source.close());
  const client = await connect(loginOf(bench.database.environment));
  cleanup.add(() => client.end());
  const skip = (table: string) => ({ kind: "skip-table", table }) as const;
  const declared = { rules: [skip("news"), skip("gone"), skip("found")], migrationTables: ["versions"] };
  const plans = await planCopy(client, source, declared);
  const inside = "an internal table of the virtual table found";
  expect(await leftOutOf(client, source, plans, declared)).toEqual({
    tables: {
      news: "rule skip-table, in the target",
      gone: "rule skip-table, in the source",
      found: "rule skip-table, in the source",
      versions: "the app's record of its schema migrations",
      ...Object.fromEntries(
        ["config", "content", "data", "docsize", "idx"].map((suffix) => [`found_${suffix}`, inside]),
      ),
    },
    staysNull: ["t.vector"],
    materializedViews: ["counts"],
  });
});

test("a role's own settings do not change how arrays are read", async () => {
  const bench = await Bench.create(cleanup);
  await bench.query(`ALTER ROLE ${bench.database.name} SET array_nulls = off`);
  const client = await connect(loginOf(bench.database.environment));
  cleanup.add(() => client.end());
  const read = await client.query("SELECT ('{NULL}'::text[])[1] IS NULL AS is_null");
  expect(read.rows).toEqual([{ is_null: true }]);
});
