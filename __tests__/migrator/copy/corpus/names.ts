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
