import fc from "fast-check";
import { encoded, RecordValue } from "../../../migrator/sqlite/record-value";
import { numeric } from "../../../migrator/values/fast-path";
import { Tuples } from "../../../migrator/values/transcode";
import { printedTuples } from "../copy/printed-tuples";

const cases = process.env.PGMOOR_THOROUGH ? 200_000 : 20_000;

const column = (precision: number, scale: number) => ({
  ...{ name: "v", type: "numeric", described: "numeric", castable: "numeric" },
  modifier: (precision << 16) + scale + 4,
  ...{ notNull: false, filled: false, generated: false, isArray: false, isEnum: false },
});

/** A decimal text rounded in whole numbers, halves away from zero. */
function roundedText(written: string, scale: number): { text: string; isRounded: boolean } {
  const [, sign, whole, fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(written)!;
  const shift = 10n ** BigInt(Math.max(0, fraction.length - scale));
  const all = BigInt(whole + fraction.padEnd(scale, "0"));
  const units = (2n * all + shift) / (2n * shift);
  const digits = String(units).padStart(scale + 1, "0");
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return { text: units === 0n ? text : `${sign}${text}`, isRounded: all % shift !== 0n };
}

/** The double that comes so many after. */
function after(number: number, steps: number): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, number);
  bits.setBigUint64(0, bits.getBigUint64(0) + BigInt(steps));
  return bits.getFloat64(0);
}

/** Reals at, near and far from what rounding decides at, and at the limits of the column. */
const reals = (scale: number) =>
  fc
    .oneof(
      fc
        .tuple(fc.integer({ min: 0, max: 10 ** 8 }), fc.integer({ min: -3, max: 3 }))
        .map(([halves, steps]) => {
          const at = halves / (2 * 10 ** scale);
          return at === 0 ? Math.abs(steps) / 1000 : after(at, steps);
        }),
      fc.tuple(fc.integer({ min: 0, max: 10 ** 7 }), fc.integer({ min: 1, max: 97 })).map(([a, b]) => a / b),
      fc.double({ min: 0, max: 10 ** 7, noNaN: true }),
    )
    .filter((number) => !String(number).includes("e"))
    .chain((number) => fc.constantFrom(number, -number));

test.each([
  [8, 2],
  [10, 4],
  [9, 0],
  [6, 5],
])(
  "a real in a numeric(%i,%i) is rounded as its decimal digits are, or left to the long way",
  (precision, scale) => {
    const target = column(precision, scale);
    let [uses, taken, all] = [0, 0, 0];
    const rounding = numeric(target, () => uses++)!;
    const exact = numeric(target)!;
    const value = new RecordValue();
    fc.assert(
      fc.property(reals(scale), (number) => {
        const { text, isRounded } = roundedText(String(number), scale);
        const fits = text.replace(/^-?0*/, "").replace(".", "").length <= precision;
        for (const transcoder of [rounding, exact]) {
          const tuples = new Tuples();
          const { type, bytes } = encoded(number, "r");
          value.set(bytes, type, 0, false);
          tuples.begin(1);
          tuples.makeRoom(100);
          const start = tuples.beginField();
          const before = uses;
          const isTaken = transcoder.take(value, tuples);
          all++;
          if (!isTaken) {
            expect(uses).toBe(before);
            continue;
          }
          taken++;
          tuples.endField(start);
          expect(printedTuples([target], tuples.bytes())).toBe(`${text}\n`);
          expect(fits).toBe(true);
          expect(uses - before).toBe(transcoder === rounding && isRounded ? 1 : 0);
          if (transcoder === exact) expect(isRounded).toBe(false);
        }
      }),
      { numRuns: cases / 4 },
    );
    expect(taken).toBeGreaterThan(all / 50);
  },
);
