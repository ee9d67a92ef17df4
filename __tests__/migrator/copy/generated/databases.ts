/** Random tables: any affinity against any type, values that mostly fit, and some that are none of the type's. */
import fc from "fast-check";

export interface GeneratedColumn {
  readonly type: string;
  /** As the source declares it. */
  readonly declared: string;
  /** SQL for the value of each row. */
  readonly values: readonly string[];
}

export interface Generated {
  readonly withoutRowid: boolean;
  readonly columns: readonly GeneratedColumn[];
  /** Rows with a value that does not fit are left behind by rules; else they stop the copy. */
  readonly skips: boolean;
}

const quoted = (text: string) => `'${text.replaceAll("'", "''").replaceAll("\0", "")}'`;
const integers = fc
  .oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.integer(),
    fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n }),
  )
  .map(String);
const reals = fc
  .oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.float({ noNaN: true, noDefaultInfinity: true }),
    fc.integer().map((number) => number / 64),
  )
  .map((number) =>
    Object.is(number, -0) ? "-0.0" : /[.e]/.test(String(number)) ? String(number) : `${number}.0`,
  );
const decimals = fc.tuple(fc.integer(), fc.nat(999)).map(([whole, part]) => quoted(`${whole}.${part}`));
const words = fc
  .oneof(
    fc.string({ unit: "binary", maxLength: 9 }),
    fc.constantFrom("", "NULL", "a\tb\\N", "é😀", "true", "1.0", "null"),
  )
  .map(quoted);
const bytes = fc.uint8Array({ maxLength: 17 }).map((all) => `x'${Buffer.from(all).toString("hex")}'`);
const two = (number: number) => String(number).padStart(2, "0");
const days = fc
  .tuple(fc.integer({ min: 1, max: 9998 }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 29 }))
  .map(([year, month, day]) => `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`);
const clocks = fc
  .tuple(fc.nat(23), fc.nat(59), fc.nat(59), fc.constantFrom("", ".5", ".123", ".123456", ".000001"))
  .map(([hour, minute, second, fraction]) => `${two(hour)}:${two(minute)}:${two(second)}${fraction}`);
const zones = fc.constantFrom("", "", "", "Z", "+00:00", "+02:00", "-0330");
const moments = fc
  .tuple(days, fc.constantFrom(" ", "T"), clocks, zones)
  .map(([day, between, clock, zone]) => quoted(day + between + clock + zone));
const uuids = fc.uuid().map(quoted);
const jsons = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }).map((value) => quoted(JSON.stringify(value))),
  fc.constantFrom(`'{"a":1,"a":2}'`, `'-0.0'`, `'[1.50, 1e3]'`, `'"Hello"'`),
);
const lists = fc.oneof(
  fc
    .array(fc.string({ unit: "grapheme", maxLength: 4 }), { maxLength: 3 })
    .map((all) => quoted(JSON.stringify(all))),
  fc.array(fc.integer(), { maxLength: 3 }).map((all) => quoted(JSON.stringify(all))),
  fc.constantFrom("'[true]'", "'[null, \"NULL\"]'"),
);
const addresses = fc.oneof(fc.ipV4(), fc.ipV6()).map(quoted);
const networks = fc
  .oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom("10", "10.1", "10.1/16", "42", "10.0.0.0/8", "fe80::/10"))
  .map(quoted);
const hexes = fc.stringMatching(/^[0-9a-fA-F]{12}$/);
const macs = hexes.chain((hex) =>
  fc.constantFrom(
    ...[hex, hex.replace(/(..)(?!$)/g, "$1:"), hex.replace(/(..)(?!$)/g, "$1-")],
    ...[hex.replace(/(....)(?!$)/g, "$1."), hex.replace(/(.{6})(?!$)/g, "$1:"), hex.slice(0, 10)],
  ),
);
const ranges = fc
  .tuple(
    fc.constantFrom("[", "("),
    fc.integer(),
    fc.nat(9),
    fc.constantFrom("]", ")"),
    fc.constantFrom("", " "),
  )
  .map(([open, from, more, close, space]) => quoted(`${open}${from},${space}${from + more}${close}`));
const decimalLists = fc
  .array(fc.constantFrom("1.25", "3", "-0.5", "1.234", "999.99", "1000", "null", "1e1"), { maxLength: 3 })
  .map((all) => quoted(`[${all.join(", ")}]`));
const anything = fc.oneof(integers, reals, decimals, words, bytes, moments, uuids, jsons, lists, addresses);

const fitting: Readonly<Record<string, fc.Arbitrary<string>>> = {
  smallint: fc.integer({ min: -32768, max: 32767 }).map(String),
  integer: fc.integer().map(String),
  bigint: integers,
  boolean: fc.constantFrom("0", "1", "'true'", "'f'", "'TRUE'"),
  real: fc.oneof(reals, fc.integer({ min: -1000, max: 1000 }).map(String)),
  "double precision": fc.oneof(reals, integers, decimals),
  numeric: fc.oneof(integers, reals, decimals),
  "numeric(8,2)": fc.oneof(
    fc.integer({ min: -9999, max: 9999 }).map(String),
    fc.constantFrom("1.25", "'7.50'"),
  ),
  text: fc.oneof(words, jsons, integers),
  "varchar(8)": words,
  bytea: fc.oneof(bytes, words),
  timestamp: moments,
  "timestamp(3)": moments,
  timestamptz: moments,
  date: fc.oneof(
    days.map(quoted),
    days.map((day) => quoted(`${day} 00:00:00`)),
  ),
  interval: fc.oneof(fc.constantFrom("'01:00:00'", "'1 day'", "3600000000", "5"), integers),
  uuid: fc.oneof(
    uuids,
    fc.uuid().map((one) => `x'${one.replaceAll("-", "")}'`),
  ),
  json: jsons,
  jsonb: jsons,
  inet: addresses,
  cidr: networks,
  macaddr: macs.map(quoted),
  time: clocks.map(quoted),
  "time(3)": clocks.map(quoted),
  "timestamptz(3)": moments,
  "char(4)": fc.string({ unit: "grapheme", maxLength: 4 }).map(quoted),
  mood: fc.constantFrom("'fine'", "'so so'", "'5'", "5", "'awful'"),
  "bit varying(8)": fc.stringMatching(/^[01]{0,9}$/).map(quoted),
  int4range: ranges,
  "boolean[]": fc.array(fc.boolean(), { maxLength: 3 }).map((all) => quoted(JSON.stringify(all))),
  "numeric(5,2)[]": decimalLists,
  "date[]": fc.array(days, { maxLength: 2 }).map((all) => quoted(JSON.stringify(all))),
  "text[]": lists,
  "integer[]": lists,
};

export const types = Object.keys(fitting);

const column = (rows: number): fc.Arbitrary<GeneratedColumn> =>
  fc.constantFrom(...types).chain((type) =>
    fc.record({
      type: fc.constant(type),
      declared: fc.constantFrom("", "INTEGER", "TEXT", "REAL", "NUMERIC", "BLOB", "DATETIME", "VARCHAR(20)"),
      values: fc.array(
        fc.oneof(
          { arbitrary: fitting[type]!, weight: 12 },
          { arbitrary: fc.constant("NULL"), weight: 1 },
          { arbitrary: anything, weight: 1 },
        ),
        { minLength: rows, maxLength: rows },
      ),
    }),
  );

export const databases: fc.Arbitrary<Generated> = fc.integer({ min: 1, max: 6 }).chain((rows) =>
  fc.record({
    columns: fc.array(column(rows), { minLength: 1, maxLength: 4 }),
    skips: fc.boolean(),
    withoutRowid: fc.boolean(),
  }),
);

/** What the target's types need. */
export const prelude = "CREATE TYPE mood AS ENUM ('fine', 'so so', '5');";

/** SQL for the source. A computed column says what its JSON says, as text that SQLite may take for JSON. */
export function sqliteOf({ columns, withoutRowid }: Generated): string {
  const definitions = columns.map(({ declared }, place) => `c${place} ${declared}`);
  const rows = columns[0]!.values.map(
    (_, row) => `(${[...columns.map(({ values }) => values[row]!), row + 1].join(", ")})`,
  );
  const kind = withoutRowid ? "WITHOUT ROWID" : "";
  return `CREATE TABLE t (${definitions.join(", ")}, id INTEGER PRIMARY KEY) ${kind}; INSERT INTO t VALUES ${rows.join(", ")}`;
}
