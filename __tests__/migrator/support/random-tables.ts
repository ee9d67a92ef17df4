/** Random tables of every type, each value with what its column has to read afterwards. */
import fc from "fast-check";
import Libsql from "libsql";

/** A value as SQLite stores it. */
type Stored =
  | { s: "null" }
  | { s: "integer"; v: bigint }
  | { s: "real"; v: number }
  | { s: "text"; v: Buffer }
  | { s: "blob"; v: Buffer };

/** A value, and what the column has to read afterwards; without `reads` it has to be refused. */
export interface Sample {
  stored: Stored;
  reads?: string | null;
}

const text = (value: string): Stored => ({ s: "text", v: Buffer.from(value) });
const fits = (stored: Stored, reads: string | null): Sample => ({ stored, reads });
const refused = (stored: Stored): Sample => ({ stored });

const nothing = fc.constant(fits({ s: "null" }, null));
const anyBytes = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const doubleHex = (value: number) => {
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleBE(value);
  return buffer.toString("hex");
};
const awkward = fc.constantFrom(
  "",
  "\\",
  "\\N",
  "\\.",
  "a\tb",
  "a\nb\r",
  "\u0001\b\f\v",
  "ünï😀",
  "NULL",
  "\u2028",
  "'\"",
  "\ufeffbom",
);
const plainText = fc.oneof(fc.string({ unit: "binary" }), awkward).map((value) => value.replaceAll("\0", ""));
const withNul = fc.tuple(plainText, plainText).map(([a, b]) => refused(text(`${a}\0${b}`)));
const notUtf8 = plainText.map((value) =>
  refused({ s: "text", v: Buffer.concat([Buffer.from(value), Buffer.from([0xff, 0xc3])]) }),
);
const blobs = anyBytes.map((v) => refused({ s: "blob", v }));
const words = fc
  .constantFrom("x", "12x", " 1", "1 ", "", "--1", "0x10", "NaN")
  .map((word) => refused(text(word)));

function integers(bits: bigint): fc.Arbitrary<Sample> {
  const end = 2n ** (bits - 1n);
  const inRange = fc.oneof(fc.bigInt({ min: -end, max: end - 1n }), fc.constantFrom(-end, end - 1n, 0n, -1n));
  return fc.oneof(
    inRange.map((v) => fits({ s: "integer", v }, String(v))),
    inRange.map((v) => fits(text(String(v)), String(v))),
    fc.integer({ min: -30_000, max: 30_000 }).map((v) => fits({ s: "real", v }, String(v))),
    fc.double({ noInteger: true, noNaN: true, min: -1e9, max: 1e9 }).map((v) => refused({ s: "real", v })),
    ...(bits === 64n
      ? []
      : [fc.constantFrom(end, -end - 1n, 2n ** 62n).map((v) => refused({ s: "integer", v }))]),
    fc.constantFrom(1e300, Infinity, 2 ** 53).map((v) => refused({ s: "real", v })),
    words,
    blobs,
  );
}

const two = (n: number) => String(n).padStart(2, "0");
/** Date and time as text, and the same as PostgreSQL prints it. */
const moments = fc
  .record({
    day: fc.date({ min: new Date("0001-01-02"), max: new Date("9999-12-30"), noInvalidDate: true }),
    separator: fc.constantFrom(" ", "T"),
    micros: fc.integer({ min: 0, max: 999_999 }),
    digits: fc.constantFrom(0, 3, 6, 9),
  })
  .map(({ day, separator, micros, digits }) => {
    const iso = day.toISOString();
    const kept = digits === 0 ? 0 : digits === 3 ? Math.floor(micros / 1000) * 1000 : micros;
    // Beyond microseconds only what rounds down, so that the expectation needs no arithmetic.
    const fraction =
      digits === 0
        ? ""
        : `.${String(kept).padStart(6, "0")}${digits === 9 ? "499" : ""}`.slice(0, digits + 1);
    const shown = kept === 0 ? "" : `.${String(kept).padStart(6, "0").replace(/0+$/, "")}`;
    const seconds = iso.slice(11, 19);
    return {
      written: `${iso.slice(0, 10)}${separator}${seconds}${fraction}`,
      printed: `${iso.slice(0, 10)} ${seconds}${shown}`,
      date: iso.slice(0, 10),
    };
  });
const noMoments = fc
  .constantFrom(
    "",
    "now",
    "0000-00-00",
    "2023-02-29 00:00:00",
    "2024-13-01",
    "2024-01-01 24:00:00",
    "2024-01-01 00:61:00",
    "1 Jan 2024",
    "infinity",
    "12024-01-01 00:00:00",
  )
  .map((written) => refused(text(written)));
const epochs = fc.oneof(
  fc.integer().map((v) => refused({ s: "integer", v: BigInt(v) })),
  fc.double({ noNaN: true }).map((v) => refused({ s: "real", v })),
);
const uuids = fc.uuid();
const json = fc
  .jsonValue({ maxDepth: 3 })
  .map((value) => JSON.stringify(value))
  .filter((written) => !written.includes("\\u0000"));
const length = (value: string) => [...value].length;

/** A type of the target, its samples, and how a column of it is read to be compared. */
export interface Kind {
  type: string;
  samples: fc.Arbitrary<Sample>;
  read?: (column: string) => string;
}

const hexText = (column: string) => `encode(convert_to(${column}::text, 'UTF8'), 'hex')`;
const hex = (value: string) => Buffer.from(value).toString("hex");

/** Shown by its type alone in a counterexample. */
const named = (kind: Kind): Kind => Object.assign(kind, { [fc.toStringMethod]: () => kind.type });

const kinds: Kind[] = (
  [
    { type: "smallint", samples: integers(16n) },
    { type: "integer", samples: integers(32n) },
    { type: "bigint", samples: integers(64n) },
    {
      type: "boolean",
      samples: fc.oneof(
        fc.boolean().map((v) => fits({ s: "integer", v: v ? 1n : 0n }, String(v))),
        fc.constantFrom("t", "true", "TRUE", "1").map((v) => fits(text(v), "true")),
        fc.constantFrom("f", "False", "0").map((v) => fits(text(v), "false")),
        fc.constantFrom(2n, -1n).map((v) => refused({ s: "integer", v })),
        fc.constantFrom("yes", "", "toString").map((v) => refused(text(v))),
      ),
    },
    {
      type: "double precision",
      read: (column) => `encode(float8send(${column}), 'hex')`,
      samples: fc.oneof(
        fc.double({ noNaN: true }).map((v) => fits({ s: "real", v }, doubleHex(v))),
        fc.integer().map((v) => fits({ s: "integer", v: BigInt(v) }, doubleHex(v))),
        fc.constantFrom(2n ** 53n + 1n, 2n ** 63n - 1n).map((v) => refused({ s: "integer", v })),
        words,
        blobs,
      ),
    },
    {
      type: "real",
      read: (column) => `encode(float8send(${column}::float8), 'hex')`,
      samples: fc.oneof(
        fc.float({ noNaN: true }).map((v) => fits({ s: "real", v }, doubleHex(v))),
        fc.constantFrom(0.1, 1e300, 16777217).map((v) => refused({ s: "real", v })),
      ),
    },
    {
      type: "numeric",
      samples: fc.oneof(
        fc
          .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
          .map((v) => fits({ s: "integer", v }, String(v))),
        fc
          .tuple(fc.bigInt({ min: 1n, max: 10n ** 40n }), fc.bigInt({ min: 0n, max: 10n ** 20n }))
          .map(([a, b]) => fits(text(`${a}.${b}`), `${a}.${b}`)),
        fc
          .integer({ min: -1e6, max: 1e6 })
          .map((v) => fits({ s: "real", v: v / 64 }, String(v / 64).replace("-0", v === 0 ? "0" : "-0"))),
        fc.constantFrom(Infinity, -Infinity).map((v) => refused({ s: "real", v })),
        words,
        blobs,
      ),
    },
    {
      type: "numeric(8,2)",
      samples: fc.oneof(
        fc.integer({ min: -99_999_999, max: 99_999_999 }).map((v) => {
          const sign = v < 0 ? "-" : "";
          const printed = `${sign}${Math.floor(Math.abs(v) / 100)}.${two(Math.abs(v) % 100)}`;
          return fits(text(printed), printed);
        }),
        fc
          .integer({ min: -999_999, max: 999_999 })
          .map((v) => fits({ s: "integer", v: BigInt(v) }, `${v}.00`)),
        fc.constantFrom(1_000_000n, -1_000_000n).map((v) => refused({ s: "integer", v })),
        fc.constantFrom(0.125, 1e-9).map((v) => refused({ s: "real", v })),
      ),
    },
    {
      type: "text",
      read: hexText,
      samples: fc.oneof(
        plainText.map((v) => fits(text(v), hex(v))),
        fc
          .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
          .map((v) => fits({ s: "integer", v }, hex(String(v)))),
        withNul,
        notUtf8,
        blobs,
      ),
    },
    {
      type: "varchar(5)",
      read: hexText,
      samples: fc.oneof(
        plainText.map((v) => (length(v) <= 5 ? fits(text(v), hex(v)) : refused(text(v)))),
        fc.constantFrom("😀😀😀😀😀", "abc  ").map((v) => fits(text(v), hex(v))),
        // The server itself would cut these spaces off without a word.
        fc.constantFrom("abcde ", "😀😀😀😀😀😀").map((v) => refused(text(v))),
      ),
    },
    {
      type: "char(4)",
      read: (column) => `encode(convert_to(rpad(${column}::text, 4), 'UTF8'), 'hex')`,
      samples: fc
        .string({ unit: fc.constantFrom("a", "é", "😀"), maxLength: 6 })
        .map((v) => (length(v) <= 4 ? fits(text(v), hex(v + " ".repeat(4 - length(v)))) : refused(text(v)))),
    },
    {
      type: "bytea",
      read: (column) => `encode(${column}, 'hex')`,
      samples: fc.oneof(
        anyBytes.map((v) => fits({ s: "blob", v }, v.toString("hex"))),
        anyBytes.map((v) => fits({ s: "text", v }, v.toString("hex"))),
        fc.integer().map((v) => refused({ s: "integer", v: BigInt(v) })),
      ),
    },
    {
      type: "timestamp",
      samples: fc.oneof(
        moments.map(({ written, printed }) => fits(text(written), printed)),
        moments.map(({ written, printed }) => fits(text(`${written}Z`), printed)),
        moments.map(({ written }) => refused(text(`${written}+02:00`))),
        noMoments,
        epochs,
      ),
    },
    {
      type: "timestamptz",
      read: (column) => `(${column} AT TIME ZONE 'UTC')::text`,
      samples: fc.oneof(
        moments.map(({ written, printed }) => fits(text(written), printed)),
        moments.map(({ written, printed }) => fits(text(`${written}+00:00`), printed)),
        fc
          .constantFrom("2024-03-01T01:30:00+02:00", "2024-02-29 20:00:00-03:30")
          .map((v) => fits(text(v), "2024-02-29 23:30:00")),
        noMoments,
        epochs,
      ),
    },
    {
      type: "date",
      samples: fc.oneof(
        moments.map(({ date }) => fits(text(date), date)),
        moments.map(({ date }) => fits(text(`${date} 00:00:00`), date)),
        moments.map(({ date }) => refused(text(`${date} 00:00:01`))),
        noMoments,
        epochs,
      ),
    },
    {
      type: "time",
      samples: fc.oneof(
        moments.map(({ written, printed }) => fits(text(written.slice(11)), printed.slice(11))),
        fc.constantFrom("24:00:00", "12", "23:59:59.9999999", "").map((v) => refused(text(v))),
      ),
    },
    {
      type: "uuid",
      samples: fc.oneof(
        uuids.map((v) => fits(text(v.toUpperCase()), v)),
        uuids.map((v) => refused({ s: "blob", v: Buffer.from(v.replaceAll("-", ""), "hex") })),
        fc.constantFrom("", "123", "{}").map((v) => refused(text(v))),
        fc.constant(refused({ s: "blob", v: Buffer.alloc(15) })),
      ),
    },
    {
      type: "json",
      read: hexText,
      samples: fc.oneof(
        json.map((v) => fits(text(v), hex(v))),
        fc.constantFrom("", "{", "{'a':1}", "nul").map((v) => refused(text(v))),
      ),
    },
    {
      // Compared as a value: jsonb orders the keys.
      type: "jsonb",
      read: (column) => `${column}::text`,
      samples: fc.oneof(
        fc
          .constantFrom("[1, 2]", '{"a": {"b": "c\\n"}}', "null", "1.50", '"\\\\"')
          .map((v) => fits(text(v), v)),
        fc
          .constantFrom('{"a":1,"a":2}', '[{"\\u0061":1,"a":2}]', '"\\u0000"', "{", "")
          .map((v) => refused(text(v))),
      ),
    },
    {
      // A type that only the server can read.
      type: "inet",
      samples: fc.oneof(
        fc.ipV4().map((v) => fits(text(v), `${v}/32`)),
        fc.constantFrom("10.0.0.256", "x", "").map((v) => refused(text(v))),
      ),
    },
    {
      // Reading it rounds without a word.
      type: "real[]",
      samples: fc.oneof(
        fc.constantFrom("{1.5,2}", "{}", "{NULL}").map((v) => fits(text(v), v)),
        fc.constantFrom("{0.123456789012}", "{x}").map((v) => refused(text(v))),
      ),
    },
    {
      type: '"char"',
      samples: fc.oneof(
        fc.constantFrom("a", "").map((v) => fits(text(v), v)),
        fc.constantFrom("ab").map((v) => refused(text(v))),
      ),
    },
  ] satisfies Kind[]
).map(named);

export interface Table {
  columns: Kind[];
  rows: Sample[][];
}

export const tables: fc.Arbitrary<Table> = fc
  .array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 5 })
  .chain((columns) =>
    fc.record({
      columns: fc.constant(columns),
      rows: fc.array(
        fc.tuple(
          ...columns.map((kind) =>
            fc.oneof({ arbitrary: nothing, weight: 1 }, { arbitrary: kind.samples, weight: 6 }),
          ),
        ),
        {
          maxLength: 12,
        },
      ),
    }),
  );

/** Tables whose values all fit, so that long runs are copied whole. */
export const fitting = tables.map(({ columns, rows }) => ({
  columns,
  rows: rows.map((row) =>
    row.map((sample) => (sample.reads === undefined ? fits({ s: "null" }, null) : sample)),
  ),
}));

export const column = (index: number) => `"c ${index}"`;

/** Writes the table without declared types, so that SQLite keeps every value as it is given. */
export function write(file: string, { columns, rows }: Table): void {
  const database = new Libsql(file);
  const names = columns.map((_, index) => column(index)).join(", ");
  database.exec(`CREATE TABLE "Random table" (id INTEGER PRIMARY KEY, ${names})`);
  for (const [index, row] of rows.entries()) {
    const holders = row.map(({ stored }) =>
      stored.s === "text" ? "CAST(? AS TEXT)" : stored.s === "real" ? "CAST(? AS REAL)" : "?",
    );
    const values = row.map(({ stored }) => (stored.s === "null" ? null : stored.v));
    database.prepare(`INSERT INTO "Random table" VALUES (${index + 1}, ${holders.join(", ")})`).run(values);
  }
  database.close();
}
