import type { ShapeCase } from "./shape";

const next = (sequence: string, value: number) =>
  ({ reads: [`SELECT nextval('${sequence}')::int AS n`, [{ n: value }]] }) as const;

/** Sequences, by what they follow. */
export const sequences: readonly ShapeCase[] = [
  {
    name: "a sequence that begins at 1000 is not set back",
    target:
      "CREATE SEQUENCE t_id START 1000; CREATE TABLE t (id integer PRIMARY KEY DEFAULT nextval('t_id'), v text)",
    source: "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (5, 'a')",
    ...next("t_id", 1000),
  },
  {
    name: "a sequence that no column refers to is left, without a rule",
    target: "CREATE SEQUENCE users_seq INCREMENT 50; CREATE TABLE users (id bigint PRIMARY KEY)",
    source: "CREATE TABLE users (id INTEGER PRIMARY KEY); INSERT INTO users VALUES (7), (120)",
    ...next("users_seq", 1),
    notes: { unsetSequences: ["users_seq"] },
  },
  {
    name: "Hibernate's, by fifty, by a rule",
    target: "CREATE SEQUENCE users_seq INCREMENT 50; CREATE TABLE users (id bigint PRIMARY KEY)",
    source: "CREATE TABLE users (id INTEGER PRIMARY KEY); INSERT INTO users VALUES (7), (120)",
    rules: [{ kind: "sequence", sequence: "users_seq", table: "users", column: "id" }],
    ...next("users_seq", 170),
    notes: { unsetSequences: [] },
  },
  {
    name: "numbers of so many digits that a double would print with an exponent",
    target: "CREATE TABLE t (id bigserial PRIMARY KEY)",
    source: "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1234567890123456789)",
    reads: ["SELECT nextval('t_id_seq')::text AS n", [{ n: "1234567890123456790" }]],
  },
  {
    name: "one that numbers two columns",
    target: "CREATE SEQUENCE stream; CREATE TABLE a (n bigint); CREATE TABLE b (n bigint)",
    source: "CREATE TABLE a (n); INSERT INTO a VALUES (3); CREATE TABLE b (n); INSERT INTO b VALUES (9)",
    rules: [
      { kind: "sequence", sequence: "stream", table: "a", column: "n" },
      { kind: "sequence", sequence: "stream", table: "b", column: "n" },
    ],
    ...next("stream", 10),
  },
  {
    name: "one whose numbers the column has below zero",
    target: "CREATE SEQUENCE backfill; CREATE TABLE a (n bigint)",
    source: "CREATE TABLE a (n); INSERT INTO a VALUES (3), (-12)",
    rules: [{ kind: "sequence", sequence: "backfill", table: "a", column: "n", negated: true }],
    ...next("backfill", 13),
  },
  {
    name: "a default of text and nextval is left, without a rule",
    target: "CREATE SEQUENCE inv; CREATE TABLE t (id text DEFAULT 'INV-' || nextval('inv'))",
    source: "CREATE TABLE t (id TEXT); INSERT INTO t VALUES ('INV-41'), ('INV-7'), ('other 99')",
    ...next("inv", 1),
    notes: { unsetSequences: ["inv"] },
  },
  {
    name: "a default of text and nextval, by a rule",
    target: "CREATE SEQUENCE inv; CREATE TABLE t (id text DEFAULT 'INV-' || nextval('inv'))",
    source: "CREATE TABLE t (id TEXT); INSERT INTO t VALUES ('INV-41'), ('INV-7'), ('other 99')",
    rules: [{ kind: "sequence", sequence: "inv", table: "t", column: "id", prefix: "INV-" }],
    ...next("inv", 42),
  },
  {
    name: "a rule for a sequence that is not there",
    target: "CREATE TABLE t (id integer)",
    source: "CREATE TABLE t (id)",
    rules: [{ kind: "sequence", sequence: "x", table: "t", column: "id" }],
    refused: ["rule sequence for x: the target has no sequence of that name. It has: none"],
  },
  {
    name: "a rule for a column that holds text",
    target: "CREATE SEQUENCE x; CREATE TABLE t (id text)",
    source: "CREATE TABLE t (id)",
    rules: [{ kind: "sequence", sequence: "x", table: "t", column: "id" }],
    refused: ["t.id is of type text, not an integer", '"prefix": ""'],
  },
];
