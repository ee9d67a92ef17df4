import type { MigrationTable, Rule } from "../../../services/rules";

/** A whole database, and what comes of it. */
export interface ShapeCase {
  readonly name: string;
  readonly target: string;
  readonly source: string;
  readonly rules?: readonly Rule[];
  readonly migrationTables?: readonly MigrationTable[];
  /** A query of the target, and what it answers after the copy. */
  readonly reads?: readonly [query: string, rows: readonly object[]];
  /** All of these are in the refusal. */
  readonly refused?: readonly string[];
}

const cycle = `CREATE TABLE a (id integer PRIMARY KEY, b integer); CREATE TABLE b (id integer PRIMARY KEY, a integer NOT NULL REFERENCES a);
  ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b;`;

export const names: readonly ShapeCase[] = [
  {
    name: "reserved words, spaces, quotes and case, and columns in another order",
    target: `CREATE TABLE "select" ("Group By" text, "a""b" integer, "userId" integer); CREATE TABLE users (id integer)`,
    source: `CREATE TABLE "select" ("a""b", "userid", "Group By"); INSERT INTO "select" VALUES (1, 2, 'three'); CREATE TABLE Users (ID)`,
    reads: ['SELECT * FROM "select"', [{ "Group By": "three", 'a"b': 1, userId: 2 }]],
  },
  {
    name: "names that differ in case only",
    target: `CREATE TABLE "T" (a integer); CREATE TABLE t2 ("A" integer, b integer)`,
    source: "CREATE TABLE T (a); CREATE TABLE t2 (B, a); INSERT INTO t2 VALUES (1, 2)",
    reads: ["SELECT * FROM t2", [{ A: 2, b: 1 }]],
  },
  {
    name: "a rule for a reserved name",
    target: `CREATE TABLE "order" ("from" integer)`,
    source: `CREATE TABLE "order" ("from"); INSERT INTO "order" VALUES (1.5)`,
    rules: [{ kind: "cast", table: "order", column: "from", as: "round" }],
    reads: ['SELECT * FROM "order"', [{ from: 2 }]],
  },
  {
    name: "columns that only the target has, with and without a default",
    target:
      "CREATE TABLE t (a integer, b integer, c integer NOT NULL DEFAULT 7, d integer GENERATED ALWAYS AS IDENTITY)",
    source: "CREATE TABLE t (a); INSERT INTO t VALUES (1)",
    reads: ["SELECT * FROM t", [{ a: 1, b: null, c: 7, d: 1 }]],
  },
  {
    name: "a column that only the target has, NOT NULL",
    target: "CREATE TABLE t (a integer, e integer NOT NULL)",
    source: "CREATE TABLE t (a)",
    refused: ["t.e: in the target only, NOT NULL and without a default"],
  },
  {
    name: "a column and a table that only the source has",
    target: "CREATE TABLE t (a integer)",
    source: "CREATE TABLE t (a, old); CREATE TABLE gone (a)",
    refused: [
      'column t.old: in the source only (a rule that would leave it behind: {"kind":"skip-column","table":"t","column":"old"})',
      'table gone: in the source only (a rule that would leave it behind: {"kind":"skip-table","table":"gone"})',
    ],
  },
  {
    name: "a column and a table that only the source has, and a table that only the target has, declared",
    target: "CREATE TABLE t (a integer); CREATE TABLE news (a integer); INSERT INTO news VALUES (9)",
    source: "CREATE TABLE t (a, old); INSERT INTO t VALUES (1, 2); CREATE TABLE gone (a)",
    rules: [
      { kind: "skip-column", table: "t", column: "old" },
      { kind: "skip-table", table: "gone" },
      { kind: "skip-table", table: "news" },
    ],
    reads: ["SELECT t.a, news.a AS seeded FROM t, news", [{ a: 1, seeded: 9 }]],
  },
  {
    name: "a table that only the target has",
    target: "CREATE TABLE t (a integer); CREATE TABLE news (a integer)",
    source: "CREATE TABLE t (a)",
    refused: ["table news: in the target only", '{"kind":"skip-table","table":"news"}'],
  },
  {
    name: "rules for what is not there, or cannot be",
    target: "CREATE TABLE t (a text, b integer, d date)",
    source: "CREATE TABLE t (a, b, d)",
    rules: [
      { kind: "skip-table", table: "t" },
      { kind: "skip-column", table: "t", column: "a" },
      { kind: "skip-row", table: "T", column: "a" },
      { kind: "cast", table: "t", column: "a", as: "epoch-seconds" },
      { kind: "cast", table: "t", column: "d", as: "round" },
      { kind: "default", table: "t", column: "b", value: "many" },
    ],
    refused: [
      "rule skip-table for t: no table of that name is on one side only",
      "rule skip-column for t.a: the source has no such column that the target has not",
      "rule skip-row for T.a: the source has no such column that is copied",
      "rule for t.a: epoch-seconds is no cast to text",
      "rule for t.d: round is no cast to date",
      "rule for t.b: text in a column of type integer",
    ],
  },
];

export const tables: readonly ShapeCase[] = [
  {
    name: "no tables in the target",
    target: "",
    source: "CREATE TABLE t (a)",
    refused: ["the app has built no table in the target"],
  },
  {
    name: "empty tables",
    target: "CREATE TABLE t (a integer)",
    source: "CREATE TABLE t (a)",
    reads: ["SELECT * FROM t", []],
  },
  {
    name: "a seeded row is replaced",
    target: "CREATE TABLE t (a integer); INSERT INTO t VALUES (99)",
    source: "CREATE TABLE t (a); INSERT INTO t VALUES (1)",
    reads: ["SELECT * FROM t", [{ a: 1 }]],
  },
  {
    name: "a table without a key, with equal rows",
    target: "CREATE TABLE t (a integer)",
    source: "CREATE TABLE t (a); INSERT INTO t VALUES (1), (1)",
    reads: ["SELECT * FROM t", [{ a: 1 }, { a: 1 }]],
  },
  {
    name: "WITHOUT ROWID with a composite key, which names the row",
    target: "CREATE TABLE t (a text, b integer, v integer, PRIMARY KEY (b, a))",
    source:
      "CREATE TABLE t (a TEXT, b INTEGER, v, PRIMARY KEY (b, a)) WITHOUT ROWID; INSERT INTO t VALUES ('x', 1, 2), ('y', 2, 2.5)",
    refused: ["t.v, b 2, a y: real with a fraction in a column of type integer"],
  },
  {
    name: "a column that is called rowid",
    target: "CREATE TABLE t (rowid text, v integer)",
    source: "CREATE TABLE t (rowid TEXT, v); INSERT INTO t VALUES ('x', 'y')",
    refused: ["t.v, _rowid_ 1: text in a column of type integer"],
  },
  {
    name: "STRICT, views, triggers and generated columns of the source",
    target: "CREATE TABLE t (a integer, double integer)",
    source: `CREATE TABLE t (a INTEGER, double INTEGER AS (a * 2) STORED) STRICT; CREATE VIEW v AS SELECT * FROM t;
      CREATE TRIGGER stop BEFORE INSERT ON t WHEN NEW.a = 13 BEGIN SELECT raise(ABORT, 'no'); END; INSERT INTO t (a) VALUES (2)`,
    reads: ["SELECT * FROM t", [{ a: 2, double: 4 }]],
  },
  {
    name: "views and triggers of the target",
    target: `CREATE TABLE t (a text); CREATE VIEW v AS SELECT * FROM t;
      CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.a := upper(NEW.a); RETURN NEW; END $$;
      CREATE TRIGGER loud BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION shout()`,
    source: "CREATE TABLE t (a); INSERT INTO t VALUES ('quiet')",
    reads: ["SELECT * FROM v", [{ a: "quiet" }]],
  },
  {
    name: "a full-text index, which only SQLite has",
    target: "CREATE TABLE t (a text)",
    source: "CREATE TABLE t (a); CREATE VIRTUAL TABLE found USING fts5(a); INSERT INTO found VALUES ('x')",
    rules: [{ kind: "skip-table", table: "found" }],
    reads: ["SELECT count(*)::int AS n FROM t", [{ n: 0 }]],
  },
  {
    name: "a self reference against the order of rows",
    target: "CREATE TABLE t (id integer PRIMARY KEY, parent integer REFERENCES t)",
    source: "CREATE TABLE t (id INTEGER PRIMARY KEY, parent); INSERT INTO t VALUES (1, 2), (2, NULL)",
    reads: ["SELECT count(*)::int AS n FROM t", [{ n: 2 }]],
  },
  {
    name: "a cycle of foreign keys",
    target: cycle,
    source:
      "CREATE TABLE a (id, b); CREATE TABLE b (id, a); INSERT INTO a VALUES (1, 2); INSERT INTO b VALUES (2, 1)",
    reads: ["SELECT a.id AS a, b.id AS b FROM a JOIN b ON b.a = a.id", [{ a: 1, b: 2 }]],
  },
  {
    name: "a row that refers to none",
    target: cycle,
    source: "CREATE TABLE a (id, b); CREATE TABLE b (id, a); INSERT INTO b VALUES (2, 1)",
    refused: ["table b: rows refer to rows that are not there"],
  },
  {
    name: "rows left behind do not move the place of a row that the server refuses",
    target: "CREATE TABLE t (a integer, v text CONSTRAINT low CHECK (v < 'm'))",
    source: "CREATE TABLE t (a, v); INSERT INTO t VALUES ('?', 'a'), (1, 'a'), ('?', 'a'), (2, 'z')",
    rules: [{ kind: "skip-row", table: "t", column: "a" }],
    refused: ["t.(row), rowid 4: row that breaks the constraint low"],
  },
  {
    name: "a row that is left behind may be wrong otherwise, too",
    target: "CREATE TABLE t (m inet, a integer, b integer)",
    source: "CREATE TABLE t (m, a, b); INSERT INTO t VALUES ('x', 1.5, '?'), ('::1', 2, 3)",
    rules: [{ kind: "skip-row", table: "t", column: "b" }],
    reads: ["SELECT host(m) AS m, a, b FROM t", [{ m: "::1", a: 2, b: 3 }]],
  },
  {
    name: "a constant that the server does not read",
    target: "CREATE TABLE t (v inet)",
    source: "CREATE TABLE t (v); INSERT INTO t VALUES ('x')",
    rules: [{ kind: "default", table: "t", column: "v", value: "y" }],
    refused: ["the rule default for t.v: its value does not fit: text that PostgreSQL does not read as inet"],
  },
  {
    name: "sequences, identities and AUTOINCREMENT's mark",
    target:
      "CREATE TABLE s (id serial, v integer); CREATE TABLE i (id bigint GENERATED ALWAYS AS IDENTITY, v integer)",
    source: `CREATE TABLE s (id INTEGER PRIMARY KEY AUTOINCREMENT, v); INSERT INTO s VALUES (50, 1); DELETE FROM s;
      CREATE TABLE i (id INTEGER PRIMARY KEY, v); INSERT INTO i VALUES (7, 1)`,
    reads: [
      "WITH one AS (INSERT INTO s (v) VALUES (2) RETURNING id), two AS (INSERT INTO i (v) VALUES (2) RETURNING id::int) SELECT one.id AS s, two.id AS i FROM one, two",
      [{ s: 51, i: 8 }],
    ],
  },
  {
    name: "partitions and a column that the target computes",
    target: `CREATE TABLE t (id integer, double integer GENERATED ALWAYS AS (id * 2) STORED) PARTITION BY RANGE (id);
      CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10); CREATE TABLE t2 PARTITION OF t DEFAULT`,
    source: "CREATE TABLE t (id, double AS (id * 2)); INSERT INTO t VALUES (1), (50)",
    reads: ["SELECT double FROM t2", [{ double: 100 }]],
  },
  {
    name: "UTF-16, little-endian",
    target: "CREATE TABLE t (v text, i integer)",
    source: "PRAGMA encoding = 'UTF-16le'; CREATE TABLE t (v, i); INSERT INTO t VALUES ('ünï😀', '7')",
    reads: ["SELECT * FROM t", [{ v: "ünï😀", i: 7 }]],
  },
  {
    name: "UTF-16, big-endian, with a rule",
    target: "CREATE TABLE t (v text, b bytea, n text)",
    source:
      "PRAGMA encoding = 'UTF-16be'; CREATE TABLE t (v, b, n); INSERT INTO t VALUES ('ünï😀', 'é', '-')",
    rules: [{ kind: "null-if", table: "t", column: "n", values: ["-"] }],
    reads: ["SELECT v, encode(b, 'hex') AS b, n FROM t", [{ v: "ünï😀", b: "c3a9", n: null }]],
  },
];

const migrated = (version: string) => ({
  target: `CREATE TABLE t (a integer); CREATE TABLE m (${version}); `,
  source: `CREATE TABLE t (a); CREATE TABLE m (${version}); `,
});
const django = migrated("id integer, app text, name text");
const diesel = migrated("version varchar(50), run_on timestamp");
const knex = migrated("id integer, name varchar(255), batch integer");
const golang = migrated("version bigint, dirty boolean");
const newest = [{ table: "m", compare: "newest" }] as const;

/** The app's own record of its migrations, the table `m`. */
export const migrations: readonly ShapeCase[] = [
  {
    name: "Django's migrations: the same ones, in another order",
    target: `${django.target} INSERT INTO m VALUES (1, 'auth', '0001'), (2, 'app', '0001')`,
    source: `${django.source} INSERT INTO m VALUES (1, 'app', '0001'), (5, 'auth', '0001')`,
    migrationTables: ["m"],
    reads: [
      "SELECT id, app FROM m ORDER BY id",
      [
        { id: 1, app: "auth" },
        { id: 2, app: "app" },
      ],
    ],
  },
  {
    name: "Knex's migrations: the source is newer",
    target: `${knex.target} INSERT INTO m VALUES (1, '1.js', 1)`,
    source: `${knex.source} INSERT INTO m VALUES (1, '1.js', 1), (2, '2.js', 2)`,
    migrationTables: ["m"],
    refused: ["m: the target lacks 2.js. The source is newer than the app's image"],
  },
  {
    name: "Knex's migrations: the source is older",
    target: `${knex.target} INSERT INTO m SELECT i, i || '.js', 1 FROM generate_series(1, 9) AS i`,
    source: `${knex.source} INSERT INTO m VALUES (1, '1.js', 1)`,
    migrationTables: ["m"],
    refused: [
      "m: the source lacks 2.js, 3.js, 4.js, 5.js, 6.js and 3 more. The source is older",
      "start this image on the SQLite file once",
    ],
  },
  {
    name: "Diesel's migrations, written for each database",
    target: `${diesel.target} INSERT INTO m VALUES ('20190101', now()), ('20260505', now())`,
    source: `${diesel.source} INSERT INTO m VALUES ('20180101', 'x'), ('20260505', 'x')`,
    migrationTables: ["m"],
    refused: ["the target lacks 20180101, the source 20190101", '{ table: "m", compare: "newest" }'],
  },
  {
    name: "Diesel's migrations, written for each database, declared",
    target: `${diesel.target} INSERT INTO m VALUES ('20190101', now()), ('20260505', now())`,
    source: `${diesel.source} INSERT INTO m VALUES ('20180101', 'x'), ('20260505', 'x')`,
    migrationTables: newest,
    reads: ["SELECT count(*)::int AS n FROM m", [{ n: 2 }]],
  },
  {
    name: "Diesel's migrations, written for each database, declared: the source is older",
    target: `${diesel.target} INSERT INTO m VALUES ('20190101', now()), ('20260505', now())`,
    source: `${diesel.source} INSERT INTO m VALUES ('20180101', 'x'), ('20250101', 'x')`,
    migrationTables: newest,
    refused: ["m: the newest is 20250101 in the source, 20260505 in the target. The source is older"],
  },
  {
    name: "golang-migrate's one number, by its value",
    target: `${golang.target} INSERT INTO m VALUES (9, false)`,
    source: `${golang.source} INSERT INTO m VALUES (10, 0)`,
    migrationTables: newest,
    refused: ["m: the newest is 10 in the source, 9 in the target. The source is newer"],
  },
  {
    name: "a record that only one side has",
    target: `${diesel.target}`,
    source: "CREATE TABLE t (a)",
    migrationTables: ["m"],
    refused: ["m: in the target only, so that nobody can tell"],
  },
  {
    name: "a table of locks",
    target: `${migrated("is_locked integer").target}`,
    source: `${migrated("is_locked integer").source}`,
    migrationTables: ["m"],
    refused: ["m: no column that is known", '{ table: "m", compare: "nothing" }'],
  },
  {
    name: "a table of locks, declared",
    target: `${migrated("is_locked integer").target} INSERT INTO m VALUES (0)`,
    source: `${migrated("is_locked integer").source} INSERT INTO m VALUES (1)`,
    migrationTables: [{ table: "m", compare: "nothing" }],
    reads: ["SELECT * FROM m", [{ is_locked: 0 }]],
  },
];
