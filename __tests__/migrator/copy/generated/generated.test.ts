/** Generated databases are copied and equal to a reader in Python, or refused: never verified and different. */
import fc from "fast-check";
import { Refused } from "../../../../migrator/base/errors";
import type { Rule } from "../../../../services/rules";
import { Bench } from "../../support/copying";
import { hasPython, startPython } from "../../support/python";
import { Cleanup } from "../../support";
import { databases, prelude, sqliteOf, type Generated } from "./databases";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(7_200_000);

const cases = process.env.PGMOOR_THOROUGH ? 10_000 : 60;

const terms: Readonly<Record<string, (name: string) => string>> = {
  timestamptz: (name) => `(${name} AT TIME ZONE 'UTC')::text`,
  "timestamptz(3)": (name) => `(${name} AT TIME ZONE 'UTC')::text`,
  "boolean[]": (name) => `array_to_json(${name})::text`,
  "numeric(5,2)[]": (name) => `array_to_json(${name})::text`,
  "date[]": (name) => `array_to_json(${name})::text`,
  "text[]": (name) => `array_to_json(${name})::text`,
  "integer[]": (name) => `array_to_json(${name})::text`,
};

(hasPython("generated databases") ? test : test.skip)(`${cases} generated databases`, async () => {
  const bench = await Bench.create(cleanup);
  const ask = startPython<string[]>(cleanup, __dirname, "reader.py");
  let copied = 0;
  await fc.assert(
    fc.asyncProperty(databases, async (database: Generated) => {
      const { columns, skips } = database;
      await bench.schema(
        `${prelude} CREATE TABLE t (id bigint PRIMARY KEY, ${columns.map(({ type }, place) => `c${place} ${type}`).join(", ")})`,
      );
      const file = bench.write(sqliteOf(database));
      const rules = columns.map((_, place): Rule => ({ kind: "skip-row", table: "t", column: `c${place}` }));
      try {
        await bench.copy(file, skips ? rules : []);
      } catch (error) {
        // Whatever else it is, the copy or its proof is wrong.
        if (error instanceof Refused) return;
        throw error;
      }
      copied++;
      const values = columns.map(({ type }, place) =>
        (terms[type] ?? ((name) => `${name}::text`))(`c${place}`),
      );
      const named = values.map((value, place) => `${value} AS v${place}`).join(", ");
      const rows = await bench.query(`SELECT id::int AS id, ${named} FROM t`);
      const types = columns.map(({ type }) => type);
      expect(await ask({ file, types, rows: rows.map(Object.values), whole: !skips })).toEqual([]);
    }),
    { numRuns: cases },
  );
  // The generator is of use only if a good part of its databases is copied.
  expect(copied).toBeGreaterThan(cases / 3);
});
