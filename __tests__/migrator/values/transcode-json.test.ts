/** JSON that goes over in COPY's binary form, against PostgreSQL's own jsonb. */
import fc from "fast-check";
import { RecordValue } from "../../../migrator/sqlite/record-value";
import { Tuples } from "../../../migrator/values/transcode";
import { json, jsonb } from "../../../migrator/values/transcode-json";
import { Cleanup } from "../support";
import { Bench } from "../support/copying";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(600_000);

const cases = process.env.PGMOOR_THOROUGH ? 20_000 : 1500;

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.create(cleanup);
});

/** What the transcoder writes for a text of SQLite's; `undefined` when it does not take it. */
function taken(transcoder: typeof jsonb, text: string | Buffer): string | undefined {
  const bytes = Buffer.from(text as string);
  const value = new RecordValue();
  value.set(bytes, 2 * bytes.length + 13, 0, false);
  const output = new Tuples();
  output.makeRoom((transcoder.factor ?? 1) * bytes.length + transcoder.growth);
  if (!transcoder.take(value, output)) return undefined;
  return output.bytes().toString("utf8");
}

/** What PostgreSQL prints of each; `null` for what it does not take. */
async function stored(texts: readonly string[]): Promise<(string | null)[]> {
  const rows = await bench.database.query(
    "SELECT CASE WHEN pg_input_is_valid(t, 'jsonb') THEN t::jsonb::text END AS v FROM unnest($1::text[]) WITH ORDINALITY AS u(t, i) ORDER BY i",
    [texts],
  );
  return (rows as { v: string | null }[]).map(({ v }) => v);
}

const blank = fc.constantFrom("", "", "", " ", "\n", "\t ", "\r\n");
const escape = (character: string) =>
  fc.constantFrom(
    character,
    [...character]
      .flatMap((one) => one.split(""))
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
const plain = fc.constantFrom(..."abz09 '/{}[]:,-.\u007f\u0080éß€\ud7ff\ue000\u2028", "😀");
const special = fc.constantFrom(
  '\\"',
  "\\\\",
  "\\/",
  "\\b",
  "\\f",
  "\\n",
  "\\r",
  "\\t",
  "\\u0001",
  "\\u001F",
  "\\u005c",
  "\\u0022",
);
const strings = fc
  .array(fc.oneof({ arbitrary: plain.chain(escape), weight: 4 }, { arbitrary: special, weight: 1 }), {
    maxLength: 8,
  })
  .map((parts) => `"${parts.join("")}"`);
const keys = fc.oneof(
  { arbitrary: fc.stringMatching(/^[a-zA-Z0-9_ .:'{}-]{0,5}$/).map((key) => `"${key}"`), weight: 30 },
  { arbitrary: strings, weight: 1 },
);
const numbers = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.stringMatching(/^-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,20})?$/),
);
const { tree } = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, depthSize: "small" },
    fc.oneof(strings, numbers, fc.constantFrom("true", "false", "null")),
    fc
      .array(fc.tuple(blank, tie("tree"), blank), { maxLength: 4 })
      .map((items) => `[${items.map((parts) => parts.join("")).join(",")}]`),
    fc
      .array(fc.tuple(blank, keys, blank, fc.constant(":"), blank, tie("tree"), blank), { maxLength: 6 })
      .map((items) => `{${items.map((parts) => parts.join("")).join(",")}}`),
  ),
}));
const documents = fc.tuple(blank, tree, blank).map((parts) => parts.join(""));

test("is written as PostgreSQL prints what it stores of it", async () => {
  let [all, usual] = [0, 0];
  await fc.assert(
    fc.asyncProperty(fc.array(documents, { minLength: 50, maxLength: 50 }), async (texts) => {
      const printed = await stored(texts);
      for (const [place, text] of texts.entries()) {
        all++;
        const found = taken(jsonb, text);
        if (found === undefined) continue;
        usual++;
        expect([text, found]).toEqual([text, `\u0001${printed[place]}`]);
      }
    }),
    { numRuns: cases / 50 },
  );
  expect(usual / all).toBeGreaterThan(0.5);
});

test("is not taken where PostgreSQL does not take it", async () => {
  const broken = fc
    .tuple(
      documents,
      fc.nat(),
      fc.constantFrom("", ",", '"', "\\", "}", "]", "0", "e", "-", "\\u12", "\\ud800", "\u0001"),
    )
    .map(([text, place, instead]) => {
      const at = place % (text.length + 1);
      return (text.slice(0, at) + instead + text.slice(at + 1)).toWellFormed();
    });
  await fc.assert(
    fc.asyncProperty(fc.array(broken, { minLength: 50, maxLength: 50 }), async (texts) => {
      const printed = await stored(texts);
      for (const [place, text] of texts.entries()) {
        const found = taken(jsonb, text);
        if (found !== undefined) expect([text, found]).toEqual([text, `\u0001${printed[place]}`]);
      }
    }),
    { numRuns: cases / 50 },
  );
});

test.each([
  ["a key twice", '{"a":1,"b":2,"a":3}'],
  ["keys out of order, one of them twice", '{"b":1,"a":2,"b":3}'],
  ["negative zero", "[-0.0]"],
  ["an exponent", "1e5"],
  ["a NUL", '"\\u0000"'],
  ["half a pair of surrogates", '"\\ud800"'],
  ["a key that is not ASCII", '{"é":1}'],
  ["two values", "1 2"],
  ["nothing", " "],
  ["what is deep", "[".repeat(101) + "]".repeat(101)],
  ["a raw control character", '"\n"'],
])("%s goes the long way", (_, text) => expect(taken(jsonb, text)).toBeUndefined());

test("text that is no UTF-8 goes the long way", () =>
  expect(taken(jsonb, Buffer.from('"\xff"', "latin1"))).toBeUndefined());

test("json stays as it is written", () => {
  const text = ' {"b" : 1.50, "a":[ ] , "ü":"\\u00e9"}'.replace("ü", "u");
  expect(taken(json, text)).toBe(text);
  expect(taken(json, "{")).toBeUndefined();
});
