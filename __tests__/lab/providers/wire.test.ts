import fc from "fast-check";
import { decode, encode, fromJson } from "../../../lab/providers/protocol/wire";
import { Dynamic, equal, UNKNOWN, type Type, type Value } from "../../../lab/providers/protocol/value";

const runs = { numRuns: process.env.PGMOOR_THOROUGH ? 5000 : 300 };

/** A type, and values of it. */
interface Typed {
  readonly type: Type;
  readonly values: fc.Arbitrary<Value>;
}

const scalars: fc.Arbitrary<Typed> = fc.constantFrom<Typed>(
  { type: "string", values: fc.string({ unit: "grapheme" }) },
  { type: "bool", values: fc.boolean() },
  {
    type: "number",
    values: fc.oneof(
      fc.maxSafeInteger(),
      fc.double({ noNaN: true, noDefaultInfinity: true, max: 1e15, min: -1e15 }),
    ),
  },
);

const dynamic: Type = "dynamic";

const name = fc.stringMatching(/^[a-z_]{1,8}$/).filter((text) => text !== "__proto__");

/** Any type with anything in it, null and unknown at every level. */
const { typed } = fc.letrec<{ typed: Typed }>((tie) => ({
  typed: fc
    .oneof(
      { depthSize: "small", withCrossShrink: true },
      scalars,
      fc.tuple(fc.constantFrom("list" as const, "set" as const), tie("typed")).map(([kind, element]) => ({
        type: [kind, element.type] as Type,
        values: fc.array(element.values, { maxLength: 4 }),
      })),
      tie("typed").map((element) => ({
        type: ["map", element.type] as Type,
        values: fc.dictionary(name, element.values, { maxKeys: 4, noNullPrototype: true }),
      })),
      fc.array(tie("typed"), { maxLength: 3 }).map((elements) => ({
        type: ["tuple", elements.map(({ type }) => type)] as Type,
        values: fc.tuple(...elements.map(({ values }) => values)),
      })),
      fc.dictionary(name, tie("typed"), { maxKeys: 4, noNullPrototype: true }).map((fields) => ({
        type: [
          "object",
          Object.fromEntries(Object.entries(fields).map(([key, { type }]) => [key, type])),
        ] as Type,
        values: fc.record(
          Object.fromEntries(Object.entries(fields).map(([key, { values }]) => [key, values])),
          {
            noNullPrototype: true,
          },
        ),
      })),
      tie("typed").map(({ type, values }) => ({
        type: dynamic,
        values: values.map((value) => new Dynamic(type, value)),
      })),
    )
    .map(({ type, values }) => ({
      type,
      values: fc.oneof({ weight: 8, arbitrary: values }, fc.constant(null), fc.constant(UNKNOWN)),
    })),
}));

const typedValue = typed.chain(({ type, values }) => values.map((value) => ({ type, value })));

test("a value comes back from the wire as it went", () => {
  fc.assert(
    fc.property(typedValue, ({ type, value }) => {
      expect(equal(type, decode(type, encode(type, value)), value)).toBe(true);
    }),
    runs,
  );
});

test("two values are equal when they are coded the same, and a set is equal to itself in any order", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string()), (elements) => {
      const turned = [...elements].reverse();
      expect(equal(["set", "string"], elements, turned)).toBe(true);
      expect(equal(["list", "string"], elements, turned)).toBe(elements.length < 2);
    }),
    runs,
  );
});

describe("what Terraform sends", () => {
  const wire = (...bytes: number[]) => ({ msgpack: Uint8Array.from(bytes), json: new Uint8Array() });

  test.each([
    ["an unknown", [0xd4, 0x00, 0x00]],
    ["an unknown of which it knows that it is not null", [0xc7, 0x03, 0x0c, 0x81, 0x01, 0xc2]],
  ])("%s is unknown", (_what, bytes) => {
    expect(decode("string", wire(...bytes))).toBe(UNKNOWN);
  });

  test("a decimal arrives as text, and is sent as such", () => {
    expect(decode("number", wire(0xa3, 0x30, 0x2e, 0x31))).toBe(0.1);
    expect([...encode("number", 0.1).msgpack]).toEqual([0xa3, 0x30, 0x2e, 0x31]);
  });

  test("a number that JavaScript cannot hold is refused, not rounded", () => {
    expect(() => decode("number", wire(0xcf, 0, 0x20, 0, 0, 0, 0, 0, 1))).toThrow(/9007199254740993/);
  });

  test("nothing at all is null", () => {
    expect(decode("string", null)).toBeNull();
    expect(decode("string", wire())).toBeNull();
  });

  test("a field that is not there is sent as null all the same", () => {
    const type: Type = ["object", { there: "string", missing: "string" }];
    expect(decode(type, encode(type, { there: "x" }))).toEqual({ there: "x", missing: null });
  });
});

test("a state file's JSON loses the attributes that the type does not have", () => {
  const type: Type = ["object", { name: "string", tags: ["set", "string"] }];
  expect(fromJson(type, { name: "a", more: 1 })).toEqual({ name: "a", tags: null });
});
