import fc from "fast-check";
import { json, fixedText, taskVariable, withSecret } from "../../nomad/template";
import { render } from "./render";

const cases = process.env.PGMOOR_THOROUGH ? 10_000 : 1_000;
const wild = fc.oneof(
  fc.string({ unit: fc.constantFrom("{", "}", '"', "`", "\\", "-", " ", "x", "\n") }),
  fc.string(),
);

test("plain text comes out as it went in, next to an action, too", () => {
  const samples = fc.sample(wild, cases);
  const rendered = render(
    samples.map((value) => ({ template: `${fixedText(value)}{{ env "X" }}`, env: { X: "{x}" } })),
  );
  expect(rendered.map(({ Output }) => Output)).toEqual(samples.map((value) => `${value}{x}`));
});

test("JSON comes out as what it says, whatever it holds", () => {
  const samples = fc.sample(
    fc.record({ a: wild, b: fc.array(fc.record({ c: wild })), d: fc.integer() }),
    cases,
  );
  const rendered = render(
    samples.map((value) => ({
      template: json({ ...value, port: taskVariable("PORT") }),
      env: { PORT: '8"0' },
    })),
  );
  expect(rendered.map(({ Output }) => JSON.parse(Output) as unknown)).toEqual(
    samples.map((value) => ({ ...value, port: '8"0' })),
  );
});

test("a field that a template cannot name is refused", () => {
  expect(() => withSecret("secret", "x", (field) => field("a-b").go)).toThrow("not a field");
});
