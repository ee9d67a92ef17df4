/** Values of an app: how it writes each to SQLite and to PostgreSQL, and how a test says what the value is. */
import fc from "fast-check";
import type { Cast } from "../../../../services/rules";

/** A value in a neutral spelling, which `reader.py` finds again in the file; `null` for NULL. */
export type Value = string | null;

/** One way in which an app keeps values of a type. */
export interface Kind {
  readonly name: string;
  /** Of the server's column. */
  readonly type: string;
  /** Of the file's column. */
  readonly declared: string;
  readonly values: fc.Arbitrary<string>;
  /** SQL for SQLite, in the app's own form. */
  readonly sqlite: (value: string) => string;
  /** SQL for PostgreSQL. */
  readonly postgres: (value: string) => string;
  readonly cast?: Cast;
  /** A value as a rule `like` shows it. */
  readonly example?: string | number;
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
const as = (type: string) => (value: string) => `${quoted(value)}::${type}`;
const asIs = (value: string) => value;

const texts = fc
  .oneof(
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.constantFrom("", "NULL", "\\N", "a\tb\n", "1.0", "007", "é😀", "2024-01-02 03:04:05", "'"),
  )
  .map((text) => text.replaceAll("\0", ""));

/** Microseconds since 1970, in years of four digits. */
const micros = (unit: bigint) =>
  fc
    .oneof(
      fc.bigInt({ min: -62_000_000_000n, max: 253_000_000_000n }).map((seconds) => seconds * 1_000_000n),
      fc.bigInt({ min: -62_000_000_000_000_000n, max: 253_000_000_000_000_000n }),
    )
    .map((value) => String((value / unit) * unit));

/** `YYYY-MM-DD`, `HH:MM:SS`, and six digits. */
function parts(written: string): [day: string, clock: string, fraction: string] {
  const value = BigInt(written);
  const fraction = ((value % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const iso = new Date(Number((value - fraction) / 1000n)).toISOString();
  return [iso.slice(0, 10), iso.slice(11, 19), String(fraction).padStart(6, "0")];
}

const plain = (value: string) => {
  const [day, clock, fraction] = parts(value);
  return `${day} ${clock}.${fraction}`;
};

type Written = (day: string, clock: string, fraction: string) => string;
const moment = (
  name: string,
  unit: bigint,
  write: Written,
  { zoned = false, like = true }: { zoned?: boolean; like?: boolean } = {},
): Kind => ({
  name,
  type: zoned ? "timestamptz" : "timestamp",
  declared: "DATETIME",
  values: micros(unit),
  sqlite: (value) => quoted(write(...parts(value))),
  postgres: (value) => `'${plain(value)}${zoned ? "+00" : ""}'::timestamp${zoned ? "tz" : ""}`,
  ...(like && {
    example: write("2024-05-06", "07:08:09", unit === 1n ? "123456" : unit === 1000n ? "123000" : "000000"),
  }),
});
const epoch = (name: string, unit: bigint, cast: Cast): Kind => ({
  ...moment(name, unit, () => ""),
  declared: "INTEGER",
  sqlite: (value) => String(BigInt(value) / unit),
  cast,
});

const bare = (uuid: string) => uuid.replaceAll("-", "");
const uuid = (name: string, write: (uuid: string) => string, more: Partial<Kind>): Kind => ({
  name,
  type: "uuid",
  declared: "CHAR(36)",
  values: fc.uuid(),
  sqlite: write,
  postgres: as("uuid"),
  ...more,
});
const guid = (digits: string) =>
  `x'${(digits.match(/../g) ?? []).map((_, place, all) => all[[3, 2, 1, 0, 5, 4, 7, 6][place] ?? place]).join("")}'`;

const ofJson = fc
  .jsonValue({ maxDepth: 2 })
  .map((value) => JSON.stringify(value))
  .filter((text) => !/\\u0000|-0(?![.\d])/.test(text));
const durations = fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n }).map(String);

export const kinds: readonly Kind[] = [
  {
    name: "integer",
    type: "integer",
    declared: "INTEGER",
    values: fc.integer().map(String),
    sqlite: asIs,
    postgres: asIs,
  },
  {
    name: "integer",
    type: "bigint",
    declared: "",
    values: fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n }).map(String),
    sqlite: asIs,
    postgres: as("bigint"),
  },
  {
    name: "flag",
    type: "boolean",
    declared: "BOOLEAN",
    values: fc.constantFrom("0", "1"),
    sqlite: asIs,
    postgres: (value) => String(value === "1"),
  },
  {
    name: "flag in words",
    type: "boolean",
    declared: "TEXT",
    values: fc.constantFrom("0", "1"),
    sqlite: (value) => (value === "1" ? "'true'" : "'false'"),
    postgres: (value) => String(value === "1"),
    example: "true",
  },
  {
    name: "double",
    type: "double precision",
    declared: "REAL",
    values: fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .filter((value) => !Object.is(value, -0))
      .map(String),
    sqlite: (value) => (/[.e]/.test(value) ? value : `${value}.0`),
    postgres: as("double precision"),
  },
  {
    name: "decimal",
    type: "numeric",
    declared: "NUMERIC",
    values: fc
      .tuple(fc.integer(), fc.constantFrom("", ".5", ".25", ".125"))
      .map(([whole, part]) => `${whole}${part}`),
    sqlite: asIs,
    postgres: asIs,
  },
  { name: "text", type: "text", declared: "TEXT", values: texts, sqlite: quoted, postgres: as("text") },
  {
    name: "text",
    type: "varchar(40)",
    declared: "VARCHAR(40)",
    values: texts,
    sqlite: quoted,
    postgres: as("varchar"),
  },
  {
    name: "bytes",
    type: "bytea",
    declared: "BLOB",
    values: fc.uint8Array({ maxLength: 20 }).map((all) => Buffer.from(all).toString("hex")),
    sqlite: (value) => `x'${value}'`,
    postgres: (value) => `'\\x${value}'::bytea`,
  },
  { name: "json", type: "json", declared: "CLOB", values: ofJson, sqlite: quoted, postgres: as("json") },
  {
    name: "json value",
    type: "jsonb",
    declared: "TEXT",
    values: ofJson,
    sqlite: quoted,
    postgres: as("jsonb"),
  },
  moment("javascript", 1000n, (day, clock, fraction) => `${day}T${clock}.${fraction.slice(0, 3)}Z`),
  moment("javascript", 1000n, (day, clock, fraction) => `${day}T${clock}.${fraction.slice(0, 3)}Z`, {
    zoned: true,
  }),
  moment("sqlalchemy", 1n, (day, clock, fraction) => `${day} ${clock}.${fraction}`),
  moment(
    "django",
    1n,
    (day, clock, fraction) => `${day} ${clock}${fraction === "000000" ? "" : `.${fraction}`}`,
  ),
  moment("seconds", 1_000_000n, (day, clock) => `${day} ${clock}`),
  moment("go", 1n, (day, clock, fraction) => `${day} ${clock}${`.${fraction}`.replace(/\.?0+$/, "")}+00:00`, {
    zoned: true,
  }),
  epoch("epoch seconds", 1_000_000n, "epoch-seconds"),
  epoch("epoch milliseconds", 1000n, "epoch-milliseconds"),
  {
    name: "day",
    type: "date",
    declared: "DATE",
    values: micros(1n).map((value) => parts(value)[0]),
    sqlite: quoted,
    postgres: as("date"),
    example: "2024-05-06",
  },
  uuid("uuid", quoted, { example: "00000000-0000-4000-8000-00000000000a" }),
  uuid("uuid", (value) => quoted(bare(value)), {
    name: "uuid without hyphens",
    example: "0000000000004000800000000000000a",
  }),
  uuid("uuid bytes", (value) => `x'${bare(value)}'`, { declared: "BLOB", cast: "uuid-bytes" }),
  uuid("guid", (value) => guid(bare(value)), { declared: "BLOB", cast: "dotnet-guid" }),
  {
    name: "microseconds",
    type: "interval",
    declared: "BIGINT",
    values: durations,
    sqlite: asIs,
    postgres: (value) => `'${value} microseconds'::interval`,
    cast: "microseconds",
  },
  {
    name: "since 1970",
    type: "interval",
    declared: "DATETIME",
    values: durations,
    sqlite: (value) => quoted(plain(value)),
    postgres: (value) => `'${value} microseconds'::interval`,
    cast: "since-epoch",
  },
  {
    name: "list",
    type: "text[]",
    declared: "TEXT",
    values: fc.array(texts, { maxLength: 3 }).map((all) => JSON.stringify(all)),
    sqlite: quoted,
    postgres: (value) => `ARRAY[${(JSON.parse(value) as string[]).map(quoted).join(", ")}]::text[]`,
    example: '["a"]',
  },
  {
    name: "clock",
    type: "time",
    declared: "TIME",
    values: micros(1n).map((value) => parts(value).slice(1).join(".")),
    sqlite: quoted,
    postgres: as("time"),
    example: "07:08:09.123456",
  },
];
