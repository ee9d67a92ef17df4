import Libsql from "libsql";
import type { Rule } from "../services/rules";

/** A kind of data that is moved. */
export interface Kind {
  readonly name: string;
  /** Rows that are moved unless another number is asked for; `tables` tables have them together. */
  readonly rows: number;
  /** What the app builds in PostgreSQL. Run twice, it changes nothing. */
  readonly schema: string;
  /** SQL that writes the app's SQLite file, with so many rows. The same every time, but for the bytes of blobs. */
  readonly source: (rows: number) => string;
  /** The tables that have the rows. */
  readonly tables: readonly string[];
  /** SQL by which a copy at the limit drops the tables' keys and indexes, and makes them again. */
  readonly keys?: { readonly drop: string; readonly make: string };
  /** SQL for what the tables refer to. */
  readonly referred?: string;
  readonly rules?: readonly Rule[];
  /** Why pgloader cannot move it. */
  readonly noPgloader?: string;
}

/** `n (i)`: the numbers from 1. */
const numbers = (rows: number) =>
  `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})`;

/** A pseudo-random whole number below a limit, from the number of a row. */
const some = (limit: number, factor = 7919) => `(i * ${factor} % 1000003 % ${limit})`;
const moment = "datetime(1500000000 + i * 20, 'unixepoch') || printf('.%03d', i * 31 % 1000)";

/** A column: its type in PostgreSQL and in SQLite, and SQL for the value of row `i`. */
type Column = readonly [name: string, postgres: string, sqlite: string, value: string];

/** One table `t` with a key `id`. */
function table(
  name: string,
  rows: number,
  columns: readonly Column[],
  more: Pick<Kind, "rules" | "noPgloader"> = {},
): Kind {
  const list = (part: (column: Column) => string) => columns.map((column) => `, ${part(column)}`).join("");
  return {
    name,
    rows,
    schema: `CREATE TABLE IF NOT EXISTS t (id integer PRIMARY KEY${list(([column, type]) => `${column} ${type}`)})`,
    source: (count) =>
      `CREATE TABLE t (id INTEGER PRIMARY KEY${list(([column, , type]) => `${column} ${type}`)});
       ${numbers(count)} INSERT INTO t SELECT i${list(([, , , value]) => value)} FROM n`,
    tables: ["t"],
    keys: {
      drop: "ALTER TABLE t DROP CONSTRAINT t_pkey",
      make: "ALTER TABLE t ADD PRIMARY KEY (id)",
    },
    ...more,
  };
}

/** Number of monitors. */
const monitors = 50;

/** Uptime Kuma's largest table: integers and text, an index, a foreign key. */
const heartbeat: Kind = {
  name: "heartbeat",
  rows: 1_000_000,
  schema: `
    CREATE TABLE IF NOT EXISTS monitor (id integer PRIMARY KEY, name varchar(150) NOT NULL);
    CREATE TABLE IF NOT EXISTS heartbeat (
      id integer PRIMARY KEY,
      important boolean NOT NULL,
      monitor_id integer NOT NULL REFERENCES monitor,
      status smallint NOT NULL,
      msg text,
      time timestamp NOT NULL,
      ping integer,
      duration integer NOT NULL,
      down_count integer NOT NULL
    );
    CREATE INDEX IF NOT EXISTS heartbeat_monitor ON heartbeat (monitor_id);`,
  source: (rows) => `
    CREATE TABLE monitor (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE heartbeat (
      id INTEGER PRIMARY KEY,
      important BOOLEAN NOT NULL,
      monitor_id INTEGER NOT NULL REFERENCES monitor,
      status SMALLINT NOT NULL,
      msg TEXT,
      time DATETIME NOT NULL,
      ping INTEGER,
      duration INTEGER NOT NULL,
      down_count INTEGER NOT NULL
    );
    ${numbers(monitors)} INSERT INTO monitor SELECT i, 'Monitor ' || i FROM n;
    ${numbers(rows)} INSERT INTO heartbeat
    SELECT i, i % 97 = 0, 1 + i % ${monitors}, i % 50 <> 0, iif(i % 20 = 0, NULL, '200 – OK, answer ' || i * 7919 % 1000003),
           ${moment}, iif(i % 50 = 0, NULL, ${some(1000)}), 20, iif(i % 50 = 0, 1, 0)
    FROM n;
    CREATE INDEX heartbeat_monitor ON heartbeat (monitor_id);`,
  tables: ["heartbeat"],
  keys: {
    drop: `ALTER TABLE heartbeat DROP CONSTRAINT heartbeat_monitor_id_fkey, DROP CONSTRAINT heartbeat_pkey;
           DROP INDEX heartbeat_monitor`,
    make: `ALTER TABLE heartbeat ADD PRIMARY KEY (id);
           CREATE INDEX heartbeat_monitor ON heartbeat (monitor_id);
           ALTER TABLE heartbeat ADD FOREIGN KEY (monitor_id) REFERENCES monitor`,
  },
  referred: `INSERT INTO monitor SELECT i, 'Monitor ' || i FROM generate_series(1, ${monitors}) i`,
};

const json = `json_object('server', ${some(5000)}, 'name', 'host – ' || i, 'tags', json_array(i % 7, 'a"b'), 'ok', json(iif(i % 2, 'true', 'null')))`;

/** A table of a speed test's history, as an app keeps it. */
const mixed = table("mixed", 500_000, [
  ["download", "double precision", "REAL", `${some(1_000_000)} / 7.0`],
  ["ping", "double precision", "REAL", `${some(9000, 104_729)} / 100.0`],
  ["host", "text", "TEXT", `'speedtest-' || ${some(40)} || '.example.net'`],
  ["at", "timestamp", "DATETIME", moment],
  ["data", "text", "TEXT", json],
]);

const reals = table(
  "reals",
  500_000,
  [7, 11, 13, 17, 19, 23].map((divisor, index): Column => {
    return [`r${index}`, "double precision", "REAL", `${some(1_000_000, 7919 + divisor)} / ${divisor}.0`];
  }),
);

const text = table("text", 500_000, [
  ["title", "varchar(100)", "VARCHAR(100)", "'Title – ' || i"],
  ["body", "text", "TEXT", `'A line with a tab\t and a \\ and ' || char(10) || 'another, ' || hex(i * 7919)`],
  ["tag", "text", "TEXT", `iif(i % 3, 'é' || ${some(100)}, NULL)`],
]);

const wideTypes: readonly ((name: string, index: number) => Column)[] = [
  (name, index) => [name, "integer", "INTEGER", some(100_000, 7919 + index)],
  (name, index) => [name, "text", "TEXT", `'value ' || ${some(1000, 7919 + index)}`],
  (name, index) => [name, "double precision", "REAL", `${some(100_000, 7919 + index)} / 3.0`],
  (name, index) => [name, "timestamp", "DATETIME", `datetime(1500000000 + i * ${20 + index}, 'unixepoch')`],
  (name, index) => [name, "boolean", "BOOLEAN", `(i + ${index}) % 2`],
];

const wide = table(
  "wide",
  100_000,
  Array.from({ length: 50 }, (_, index) => wideTypes[index % wideTypes.length]!(`c${index}`, index)),
);

const withoutRowid: Kind = {
  name: "without-rowid",
  rows: 500_000,
  schema: "CREATE TABLE IF NOT EXISTS t (a integer, b text, v integer, at timestamp, PRIMARY KEY (a, b))",
  source: (rows) =>
    `CREATE TABLE t (a INTEGER, b TEXT, v INTEGER, at DATETIME, PRIMARY KEY (a, b)) WITHOUT ROWID;
     ${numbers(rows)} INSERT INTO t SELECT i / 100, 'key ' || (i % 100), ${some(1000)}, ${moment} FROM n`,
  tables: ["t"],
  keys: { drop: "ALTER TABLE t DROP CONSTRAINT t_pkey", make: "ALTER TABLE t ADD PRIMARY KEY (a, b)" },
};

const rules = table(
  "rules",
  500_000,
  [
    ["at", "timestamptz", "INTEGER", "1500000000000 + i * 20031"],
    ["note", "text", "TEXT", `iif(i % 4, 'note ' || i, '')`],
    ["share", "numeric(8,2)", "REAL", `${some(100_000)} / 7.0`],
  ],
  {
    rules: [
      { kind: "cast", table: "t", column: "at", as: "epoch-milliseconds" },
      { kind: "null-if", table: "t", column: "note", values: [""] },
      { kind: "cast", table: "t", column: "share", as: "round" },
    ],
    noPgloader: "it has no rule for milliseconds since 1970",
  },
);

const many = Array.from({ length: 500 }, (_, index) => `t${index}`);

const manyTables: Kind = {
  name: "many-tables",
  rows: 50_000,
  schema: many
    .map((name) => `CREATE TABLE IF NOT EXISTS ${name} (id integer PRIMARY KEY, name text, at timestamp);`)
    .join("\n"),
  source: (rows) =>
    many
      .map(
        (name) => `CREATE TABLE ${name} (id INTEGER PRIMARY KEY, name TEXT, at DATETIME);
          ${numbers(rows / many.length)} INSERT INTO ${name} SELECT i, 'name ' || i, ${moment} FROM n;`,
      )
      .join("\n"),
  tables: many,
};

export const kinds: readonly Kind[] = [
  heartbeat,
  mixed,
  reals,
  table("json", 500_000, [["data", "jsonb", "TEXT", json]]),
  text,
  table("blobs", 50_000, [["data", "bytea", "BLOB", "randomblob(4000 + i % 200)"]]),
  wide,
  withoutRowid,
  rules,
  manyTables,
];

/** Writes the app's SQLite file. */
export function writeSource(file: string, kind: Kind, rows: number): void {
  const database = new Libsql(file);
  database.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
  database.exec(`BEGIN; ${kind.source(rows)}; COMMIT`);
  database.close();
}
