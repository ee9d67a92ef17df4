import type { ShapeCase } from "./shape";

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
    refused: ["t.e: only in the target, NOT NULL and without a default"],
  },
  {
    name: "a column and a table that only the source has",
    target: "CREATE TABLE t (a integer)",
    source: "CREATE TABLE t (a, old); CREATE TABLE gone (a)",
    refused: [
      'column t.old: only in the source (this rule leaves it out: {"kind":"skip-column","table":"t","column":"old"})',
      'table gone: only in the source (this rule leaves it out: {"kind":"skip-table","table":"gone"})',
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
    refused: ["table news: only in the target", '{"kind":"skip-table","table":"news"}'],
  },
  {
    name: "a table and columns that change their names, two of them with each other",
    target: "CREATE TABLE people (a integer, b integer, c integer)",
    source: `CREATE TABLE users (a, b, old); INSERT INTO users VALUES (1, 2, 3)`,
    rules: [
      { kind: "rename", table: "users", to: "people" },
      { kind: "rename", table: "users", column: "a", to: "b" },
      { kind: "rename", table: "users", column: "b", to: "a" },
      { kind: "rename", table: "users", column: "old", to: "c" },
    ],
    reads: ["SELECT * FROM people", [{ a: 2, b: 1, c: 3 }]],
  },
  {
    name: "a rule to leave out a table that neither side has at the moment, as an app's temporary one",
    target: "CREATE TABLE t (a integer)",
    source: "CREATE TABLE t (a); INSERT INTO t VALUES (1)",
    rules: [{ kind: "skip-table", table: "_temp_populate" }],
    reads: ["SELECT * FROM t", [{ a: 1 }]],
  },
  {
    name: "other names for what is not there",
    target: "CREATE TABLE t (a integer)",
    source: "CREATE TABLE t (a)",
    rules: [
      { kind: "rename", table: "t", column: "a", to: "z" },
      { kind: "rename", table: "u", to: "t" },
    ],
    refused: [
      "rule rename for t.a: no column of that name is copied, or the target has no z",
      "rule rename for u: no table of that name is copied, or the target has no t",
    ],
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
      "rule skip-table for t: no table of that name exists on only one side",
      "rule skip-column for t.a: the source has no column of that name that the target lacks",
      "rule skip-row for T.a: no column of that name is copied",
      "rule for t.a: epoch-seconds does not convert to text",
      "rule for t.d: round does not convert to date",
      "rule for t.b: text in a column of type integer",
    ],
  },
];
