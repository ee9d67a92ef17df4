import type { ShapeCase } from "./shape";

const cycle = `CREATE TABLE a (id integer PRIMARY KEY, b integer); CREATE TABLE b (id integer PRIMARY KEY, a integer NOT NULL REFERENCES a);
  ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b;`;

export const tables: readonly ShapeCase[] = [
  {
    name: "no tables in the target",
    target: "",
    source: "CREATE TABLE t (a)",
    refused: ["the app has built no tables in the target"],
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
    name: "WITHOUT ROWID with a composite key, whose text may be a secret",
    target: "CREATE TABLE t (a text, b integer, v integer, PRIMARY KEY (b, a))",
    source:
      "CREATE TABLE t (a TEXT, b INTEGER, v, PRIMARY KEY (b, a)) WITHOUT ROWID; INSERT INTO t VALUES ('x', 1, 2), ('y', 2, 2.5)",
    refused: ["t.v, row 2 in the order of b, a: real with a fraction in a column of type integer"],
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
    name: "text that SQLite computes from JSON is the text that it shows",
    target: "CREATE TABLE t (id integer PRIMARY KEY, doc text, title text)",
    source: `CREATE TABLE t (id INTEGER PRIMARY KEY, doc TEXT, title TEXT AS (doc -> '$.title') VIRTUAL);
      INSERT INTO t VALUES (1, '{"title": "Hello"}'), (2, '{"title": null}'), (3, '{}')`,
    reads: [
      "SELECT id, title FROM t ORDER BY id",
      [
        { id: 1, title: '"Hello"' },
        { id: 2, title: "null" },
        { id: 3, title: null },
      ],
    ],
  },
  {
    name: "text that SQLite computes from JSON and keeps",
    target: "CREATE TABLE t (doc text, title text)",
    source: `CREATE TABLE t (doc TEXT, title TEXT AS (doc -> '$.title') STORED); INSERT INTO t VALUES ('{"title": "Hello"}')`,
    reads: ["SELECT title FROM t", [{ title: '"Hello"' }]],
  },
  {
    name: "1,100 columns",
    target: `CREATE TABLE t (${Array.from({ length: 1100 }, (_, place) => `c${place} integer`).join(", ")})`,
    source: `CREATE TABLE t (${Array.from({ length: 1100 }, (_, place) => `c${place}`).join(", ")}); INSERT INTO t (c7, c1099) VALUES (1, 2)`,
    reads: ["SELECT c7, c8, c1099 FROM t", [{ c7: 1, c8: null, c1099: 2 }]],
  },
  {
    name: "a user's table that is called like an inside of a full-text index",
    target: "CREATE TABLE posts_content (id integer, title text)",
    source: `CREATE TABLE posts_content (id INTEGER PRIMARY KEY, title); CREATE VIRTUAL TABLE posts USING fts5(title, content='posts_content', content_rowid='id');
      INSERT INTO posts_content VALUES (1, 'Hello')`,
    rules: [{ kind: "skip-table", table: "posts" }],
    reads: ["SELECT * FROM posts_content", [{ id: 1, title: "Hello" }]],
  },
  {
    name: "a user's table that is called like an inside of a full-text index, and that the target lacks",
    target: "CREATE TABLE t (a integer)",
    source: `CREATE TABLE t (a); CREATE TABLE posts_docsize (post, bytes); CREATE VIRTUAL TABLE posts USING fts5(title, columnsize=0)`,
    rules: [{ kind: "skip-table", table: "posts" }],
    refused: ["table posts_docsize: only in the source"],
  },
  {
    name: "a row that breaks a CHECK of the source, which the target does not have",
    target: "CREATE TABLE t (a integer, b text)",
    source:
      "CREATE TABLE t (a INTEGER CHECK (a > 0), b TEXT NOT NULL); PRAGMA ignore_check_constraints = ON; INSERT INTO t VALUES (-1, 'x')",
    reads: ["SELECT * FROM t", [{ a: -1, b: "x" }]],
  },
  {
    name: "a row that breaks a CHECK of both sides",
    target: "CREATE TABLE t (a integer CONSTRAINT positive CHECK (a > 0))",
    source:
      "CREATE TABLE t (a INTEGER CHECK (a > 0)); PRAGMA ignore_check_constraints = ON; INSERT INTO t VALUES (-1)",
    refused: ["t.(row), rowid 1: row that violates the constraint positive"],
  },
  {
    name: "a table with no column in common",
    target: "CREATE TABLE t (b integer); CREATE TABLE u (a integer)",
    source: "CREATE TABLE t (a); CREATE TABLE u (a)",
    rules: [{ kind: "skip-column", table: "t", column: "a" }],
    refused: ["table t: source and target have no column in common"],
  },
  {
    name: "names that PostgreSQL cuts off",
    target: `CREATE TABLE ${"t".repeat(63)} (${"c".repeat(61)}é integer)`,
    source: `CREATE TABLE ${"t".repeat(70)} (${"c".repeat(61)}éé); INSERT INTO ${"t".repeat(70)} VALUES (1)`,
    reads: [`SELECT * FROM ${"t".repeat(63)}`, [{ [`${"c".repeat(61)}é`]: 1 }]],
  },
  {
    name: "names that are one once PostgreSQL has cut them off",
    target: `CREATE TABLE ${"t".repeat(63)} (a integer)`,
    source: `CREATE TABLE ${"t".repeat(70)} (a); CREATE TABLE ${"t".repeat(71)} (a)`,
    refused: [
      `table ${"t".repeat(70)}: only in the source, and its name is longer than PostgreSQL's limit of 63 bytes`,
      `{"kind":"rename","table":"${"t".repeat(71)}","to":"NAME"}`,
      `table ${"t".repeat(63)}: only in the target`,
    ],
  },
  {
    name: "names that are one once PostgreSQL has cut them off, by a rule",
    target: `CREATE TABLE ${"t".repeat(63)} (a integer, ${"c".repeat(63)} integer, d integer); CREATE TABLE other (a integer)`,
    source: `CREATE TABLE ${"t".repeat(70)} (a, ${"c".repeat(70)}, ${"c".repeat(71)}); INSERT INTO ${"t".repeat(70)} VALUES (1, 2, 3.5);
      CREATE TABLE ${"t".repeat(71)} (a); INSERT INTO ${"t".repeat(71)} VALUES (4)`,
    rules: [
      { kind: "rename", table: "t".repeat(71), to: "other" },
      { kind: "rename", table: "t".repeat(70), column: "c".repeat(71), to: "d" },
      { kind: "cast", table: "t".repeat(70), column: "c".repeat(71), as: "round" },
    ],
    reads: [
      `SELECT t.*, other.a AS other FROM ${"t".repeat(63)} t, other`,
      [{ a: 1, ["c".repeat(63)]: 2, d: 4, other: 4 }],
    ],
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
    refused: ["table b: rows violate the foreign key b_a_fkey: they refer to rows that do not exist"],
  },
  {
    name: "rows left behind do not move the place of a row that the server refuses",
    target: "CREATE TABLE t (a integer, v text CONSTRAINT low CHECK (v < 'm'))",
    source: "CREATE TABLE t (a, v); INSERT INTO t VALUES ('?', 'a'), (1, 'a'), ('?', 'a'), (2, 'z')",
    rules: [{ kind: "skip-row", table: "t", column: "a" }],
    refused: ["t.(row), rowid 4: row that violates the constraint low"],
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
    refused: [
      "the rule default for t.v: its value does not convert: text that PostgreSQL cannot parse as inet",
    ],
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
