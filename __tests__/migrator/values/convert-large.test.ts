import fc from "fast-check";
import { converterFor } from "../../../migrator/values/convert";
import { Misfit, unescapeCopy } from "../../../migrator/values/misfit";
import type { Stored } from "../../../migrator/sqlite/records";
import type { SqliteDatabase } from "../../../migrator/sqlite/sqlite-database";
import type { TargetColumn } from "../../../migrator/server/target";
import type { ColumnRule } from "../../../services/rules";

const cases = process.env.PGMOOR_THOROUGH ? 100_000 : 1000;

function column(type: string, modifier = -1): TargetColumn {
  const rest = {
    castable: type,
    described: type,
    filled: false,
    generated: false,
    isArray: false,
    isEnum: false,
    notNull: false,
  };
  return { name: "v", type, modifier, ...rest };
}

const columns = [
  ...[column("text"), column("varchar"), column("varchar", 4 + 5), column("name"), column("bytea")],
  ...[column("bpchar"), column("bpchar", 4 + 1), column("bpchar", 4 + 6)],
];

/** The bytes in pieces, cut where it is said. */
function stored(storage: "t" | "b", bytes: Buffer, cuts: readonly number[]): Stored {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  const pieces = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
  return {
    storage,
    bytes: bytes.length,
    *pieces() {
      yield* pieces.filter((piece) => piece.length > 0);
    },
  };
}

/** A field, or why there is none. */
function outcome(render: () => string): string {
  try {
    return render();
  } catch (error) {
    if (error instanceof Misfit) return `misfit: ${error.kind}, ${JSON.stringify(error.help)}`;
    throw error;
  }
}

const text = fc.string({ unit: fc.constantFrom(..."ab \\\t\n\r\b\f\v'\u0001\0é€😀\ufeff"), maxLength: 12 });
const encode: Record<SqliteDatabase["encoding"], (text: string) => Buffer> = {
  "UTF-8": (written) => Buffer.from(written),
  "UTF-16le": (written) => Buffer.from(written, "utf16le"),
  "UTF-16be": (written) => Buffer.from(written, "utf16le").swap16(),
};
const encoded = fc
  .tuple(
    fc.constantFrom("UTF-8", "UTF-16le", "UTF-16be"),
    fc.oneof({ weight: 4, arbitrary: text.map((one) => one.replaceAll("\0", "")) }, text),
  )
  .map(([encoding, written]) => ({ encoding, bytes: encode[encoding](written) }));
const broken = fc
  .constantFrom("", "ff", "c3", "e282", "f09f98", "eda080", "00d8", "d800", "41")
  .map((hex) => Buffer.from(hex, "hex"));

test(`${cases} values in pieces come to what they come to whole`, () => {
  const seen = { field: 0, misfit: 0 };
  fc.assert(
    fc.property(
      fc.constantFrom(...columns),
      fc.constantFrom("t" as const, "t" as const, "b" as const),
      fc.constantFrom(undefined, "utf8" as const),
      encoded,
      fc.oneof({ weight: 3, arbitrary: fc.constant(Buffer.alloc(0)) }, broken),
      fc.array(fc.nat(30), { maxLength: 6 }),
      (target, storage, cast, { encoding, bytes }, last, cuts) => {
        const rules: ColumnRule[] =
          cast === undefined || target.type === "bytea"
            ? []
            : [{ kind: "cast", table: "t", column: "v", as: cast }];
        const value = Buffer.concat([bytes, last]);
        const { convert, large } = converterFor(target, encoding, rules);
        const whole = outcome(() => convert(storage, value, { roundedFractions: 0, assumedUtc: 0 }));
        const inPieces = outcome(() => {
          const field = large.convert(stored(storage, value, cuts));
          const [rendered, plain] = [field.text, field.binary].map(({ bytes, pieces }) => {
            const all = Buffer.concat([...pieces()]);
            expect(bytes).toBe(all.length);
            return all;
          }) as [Buffer, Buffer];
          if (target.type === "bytea") expect(`\\\\x${plain.toString("hex")}`).toBe(rendered.toString());
          else expect(plain.toString()).toBe(unescapeCopy(rendered.toString()));
          return rendered.toString();
        });
        expect(inPieces).toBe(whole);
        seen[whole.startsWith("misfit:") ? "misfit" : "field"]++;
      },
    ),
    { numRuns: cases },
  );
  expect(Math.min(seen.field, seen.misfit)).toBeGreaterThan(cases / 5);
});

test("what no value of a type is as long as is refused unread; what the server would have to read, from 200 MB on", () => {
  const unread = (storage: "t" | "b"): Stored => ({
    storage,
    bytes: 1e9,
    pieces: () => {
      throw new Error("it is read");
    },
  });
  const kind = (type: string, storage: "t" | "b") =>
    outcome(() => String(converterFor(column(type), "UTF-8", []).large.convert(unread(storage)).text.bytes));
  expect(kind("int4", "t")).toContain("text in a column of type int4");
  expect(kind("timestamp", "b")).toContain("blob in a column of type timestamp");
  expect(kind("jsonb", "t")).toContain("text of more than 200 MB in a column of type jsonb");
});
