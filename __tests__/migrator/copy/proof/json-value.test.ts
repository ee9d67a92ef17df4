import fc from "fast-check";
import { jsonForm } from "../../../../migrator/copy/proof/json-value";

const cases = process.env.PGMOOR_THOROUGH ? 50_000 : 2000;

type Json = null | boolean | number | string | Json[] | { readonly [key: string]: Json };

/** How a value can be written: spaces, the order of keys, escapes. */
interface Style {
  readonly space: string;
  readonly backwards: boolean;
  readonly escapes: boolean;
  readonly exponents: boolean;
}

function written(value: Json, style: Style): string {
  const { space, backwards, escapes, exponents } = style;
  const text = (characters: string) => {
    if (!escapes) return JSON.stringify(characters);
    const units = Array.from({ length: characters.length }, (_, place) => characters.charCodeAt(place));
    return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("")}"`;
  };
  if (typeof value === "string") return text(value);
  if (typeof value === "number") return exponents ? `${value}.0e+0` : String(value);
  if (typeof value !== "object" || value === null) return String(value);
  const joined = (items: string[]) => items.join(`${space},${space}`);
  if (Array.isArray(value)) return `[${space}${joined(value.map((each) => written(each, style)))}${space}]`;
  const members = Object.entries(value).map(
    ([key, member]) => `${text(key)}${space}:${space}${written(member, style)}`,
  );
  return `{${space}${joined(backwards ? members.reverse() : members)}${space}}`;
}

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 8 }),
  fc.string({
    unit: fc.constantFrom('"', "\\", "\n", "\u007f", "\u2028", ":", "0", "a", "é", "😀"),
    maxLength: 8,
  }),
);
const { value: json } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<Json>(null, true, false, 0, 10, 100, 1_000_000),
    fc.integer(),
    text,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(text, tie("value"), { maxKeys: 4 }),
  ),
}));
const style = fc.record({
  space: fc.constantFrom("", " ", "\n\t", "\r\n"),
  backwards: fc.boolean(),
  escapes: fc.boolean(),
  exponents: fc.boolean(),
});

test("a value has one form, however it is written", () => {
  fc.assert(
    fc.property(json, style, style, (value, one, other) => {
      expect(jsonForm(written(value, one))).toBe(jsonForm(written(value, other)));
    }),
    { numRuns: cases },
  );
});

test("other values have other forms", () => {
  const plain: Style = { space: "", backwards: false, escapes: false, exponents: false };
  const inOrder = (value: Json): unknown =>
    typeof value !== "object" || value === null
      ? value
      : Array.isArray(value)
        ? value.map(inOrder)
        : {
            members: Object.entries(value)
              .map(([key, member]) => ({ key, member: inOrder(member) }))
              .sort((a, b) => (a.key < b.key ? -1 : 1)),
          };
  fc.assert(
    fc.property(json, json, (one, other) => {
      const same = JSON.stringify(inOrder(one)) === JSON.stringify(inOrder(other));
      expect(jsonForm(written(one, plain)) === jsonForm(written(other, plain))).toBe(same);
    }),
    { numRuns: cases },
  );
});

test.each(["01", "1.", "-", "1x", "10-", '"', '"\n"', "[1,]", '{"a":1,"a":1}', "-0", "", "1 2"])(
  "%j has none",
  (given) => {
    expect(() => jsonForm(given)).toThrow();
  },
);
