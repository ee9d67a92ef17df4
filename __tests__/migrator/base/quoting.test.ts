import fc from "fast-check";
import { literal, identifier } from "../../../migrator/base/quoting";
import { Cleanup, Database } from "../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const cases = process.env.PGMOOR_THOROUGH ? 10_000 : 1_000;

const wild = fc
  .oneof(
    fc.string({ unit: fc.constantFrom(..."\"'\\;-$\n %E".split("")), minLength: 1, maxLength: 20 }),
    fc.string({ unit: "binary", minLength: 1, maxLength: 15 }),
    fc.constantFrom('x"; DROP TABLE y; --', "x'; DROP TABLE y; --", "$$", "\\'", "Robert'); --"),
  )
  .filter((value) => value.isWellFormed() && !value.includes("\0"));

test("quoted names and texts are what they were, and nothing else is run", async () => {
  const { client } = await Database.create(cleanup);
  const pairs = fc.sample(fc.tuple(wild, wild), cases);
  for (let start = 0; start < pairs.length; start += 500) {
    const batch = pairs.slice(start, start + 500);
    const columns = batch.map(([name, text]) => `${literal(text)} AS ${identifier(name)}`);
    const result = await client.query({ text: `SELECT ${columns.join(", ")}`, rowMode: "array" });
    expect(result.fields.map(({ name }) => name)).toEqual(batch.map(([name]) => name));
    expect(result.rows).toEqual([batch.map(([, text]) => text)]);
  }
});
