import fc from "fast-check";
import { escapeCopy } from "../../../migrator/values/misfit";
import { Tuples } from "../../../migrator/values/transcode";
import { typeOf } from "../../../migrator/values/types";
import type { TargetColumn } from "../../../migrator/server/target";
import { printedTuples } from "../copy/printed-tuples";

const cases = process.env.PGMOOR_THOROUGH ? 20_000 : 1000;

const column = (type: string, modifier = -1): TargetColumn => ({
  name: "v",
  type,
  described: type,
  castable: type,
  modifier,
  notNull: false,
  filled: false,
  generated: false,
  isArray: false,
  isEnum: false,
});

const integers = (bits: number) =>
  fc.bigInt({ min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n }).map(String);
const printFloat = (number: number) => (Object.is(number, -0) ? "-0" : String(number));
const digits = (most: number) => fc.stringMatching(new RegExp(`^[0-9]{0,${most}}$`));
const isZero = (written: string) => /^[0.]*$/.test(written);
const decimals = fc.tuple(fc.boolean(), digits(30), digits(12)).map(([isNegative, whole, fraction]) => {
  const written = `${whole.replace(/^0+/, "") || "0"}${fraction === "" ? "" : `.${fraction}`}`;
  return isNegative && !isZero(written) ? `-${written}` : written;
});
const moments = fc
  .tuple(
    fc.date({
      min: new Date("0001-01-01T00:00:00Z"),
      max: new Date("9999-12-31T23:59:59Z"),
      noInvalidDate: true,
    }),
    digits(6),
  )
  .map(([date, fraction]) => {
    const kept = fraction.replace(/0+$/, "");
    return `${date.toISOString().replace("T", " ").slice(0, 19)}${kept === "" ? "" : `.${kept}`}`;
  });

/** What the converters print, by the type. */
const printed: readonly [TargetColumn, fc.Arbitrary<string>][] = [
  [column("int2"), integers(16)],
  [column("int4"), integers(32)],
  [column("int8"), integers(64)],
  [column("bool"), fc.constantFrom("t", "f")],
  [column("float8"), fc.double({ noNaN: true }).map(printFloat)],
  [column("float4"), fc.float({ noNaN: true }).map(printFloat)],
  [column("numeric"), decimals],
  [
    column("text"),
    fc.string({ unit: "binary" }).map((text) => escapeCopy(text.toWellFormed().replaceAll("\0", ""))),
  ],
  [column("bytea"), fc.uint8Array().map((bytes) => `\\\\x${Buffer.from(bytes).toString("hex")}`)],
  [column("timestamp"), moments],
  [column("timestamptz"), moments.map((moment) => `${moment}+00`)],
  [column("date"), moments.map((moment) => moment.slice(0, 10))],
  [column("time"), moments.map((moment) => moment.slice(11))],
  [column("uuid"), fc.uuid()],
];

test.each(printed)("$type: a field of the text form is the same in the binary form", (target, fields) => {
  const { fastPath } = typeOf(target);
  fc.assert(
    fc.property(fc.array(fc.option(fields, { nil: "\\N" }), { minLength: 1, maxLength: 5 }), (some) => {
      const tuples = new Tuples();
      const transcoders = some.map(() => fastPath(target)!);
      tuples.add(transcoders, some);
      tuples.add(transcoders, some);
      const line = `${some.join("\t")}\n`;
      expect(
        printedTuples(
          some.map(() => target),
          tuples.bytes(),
        ),
      ).toBe(line + line);
    }),
    { numRuns: cases },
  );
});
