import type { ShapeCase } from "./shape";

/** What else the target has. */
export const surroundings: readonly ShapeCase[] = [
  {
    name: "tables that inherit: each has its own rows",
    target: "CREATE TABLE p (a integer); CREATE TABLE c (b integer) INHERITS (p)",
    source:
      "CREATE TABLE p (a); CREATE TABLE c (a, b); INSERT INTO p VALUES (1); INSERT INTO c VALUES (2, 3)",
    reads: [
      "SELECT tableoid::regclass::text AS t, a FROM p",
      [
        { t: "p", a: 1 },
        { t: "c", a: 2 },
      ],
    ],
  },
  {
    name: "a table that inherits and is skipped keeps its rows",
    target:
      "CREATE TABLE p (a integer); CREATE TABLE c (b integer) INHERITS (p); INSERT INTO c VALUES (7, 8)",
    source: "CREATE TABLE p (a); INSERT INTO p VALUES (1)",
    rules: [{ kind: "skip-table", table: "c" }],
    reads: [
      "SELECT tableoid::regclass::text AS t, a FROM p",
      [
        { t: "p", a: 1 },
        { t: "c", a: 7 },
      ],
    ],
  },
  {
    name: "row security that binds the owner, too",
    target:
      "CREATE TABLE t (a integer); ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY",
    source: "CREATE TABLE t (a); INSERT INTO t VALUES (1)",
    refused: ["FORCE ROW LEVEL SECURITY (t)", "BYPASSRLS"],
  },
  {
    name: "row security that does not bind the owner",
    target: "CREATE TABLE t (a integer); ALTER TABLE t ENABLE ROW LEVEL SECURITY",
    source: "CREATE TABLE t (a); INSERT INTO t VALUES (1)",
    reads: ["SELECT a FROM t", [{ a: 1 }]],
  },
  {
    name: "materialized views, one made from the other, hold the new rows",
    target: `CREATE TABLE t (a integer); CREATE MATERIALIZED VIEW one AS SELECT count(*)::integer AS n FROM t;
      CREATE MATERIALIZED VIEW a_two AS SELECT n + 1 AS n FROM one`,
    source: "CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)",
    reads: ["SELECT one.n, a_two.n AS two FROM one, a_two", [{ n: 2, two: 3 }]],
  },
  {
    name: "a virtual table whose module is the app's own",
    target: "CREATE TABLE t (a integer)",
    source: `CREATE TABLE t (a); INSERT INTO t VALUES (1); PRAGMA writable_schema = ON;
      INSERT INTO sqlite_master VALUES ('table', 's', 's', 0, 'CREATE VIRTUAL TABLE s USING spellfix1')`,
    refused: [
      "table s: SQLite cannot read it without the app (no such module: spellfix1)",
      '{"kind":"skip-table","table":"s"}',
    ],
  },
  {
    name: "a virtual table whose module is the app's own, left behind",
    target: "CREATE TABLE t (a integer)",
    source: `CREATE TABLE t (a); INSERT INTO t VALUES (1); PRAGMA writable_schema = ON;
      INSERT INTO sqlite_master VALUES ('table', 's', 's', 0, 'CREATE VIRTUAL TABLE s USING spellfix1')`,
    rules: [{ kind: "skip-table", table: "s" }],
    reads: ["SELECT a FROM t", [{ a: 1 }]],
  },
];
