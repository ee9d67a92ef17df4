/** Moved, worked on the server, brought back, moved again: the file holds what the app knows that it has written, or is refused. */
import fc from "fast-check";
import { Refused } from "../../../migrator/base/errors";
import type { Rule } from "../../../services/rules";
import { Cleanup } from "../support";
import { Bench } from "../support/copying";
import { hasPython, startPython } from "../support/python";
import { apps, type App } from "./workload/app";
import { Model } from "./workload/model";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(7_200_000);

const cases = process.env.PGMOOR_THOROUGH ? 1000 : 8;

const rulesOf = ({ tables }: App): Rule[] =>
  tables.flatMap(({ name, columns, shown }) => [
    { kind: "skip-column", table: name, column: "old" } as const,
    ...columns.flatMap(({ cast, example }, place): Rule[] => {
      const of = { table: name, column: `c${place}` };
      return [
        ...(cast === undefined ? [] : [{ kind: "cast", ...of, as: cast } as const]),
        ...(shown && example !== undefined ? [{ kind: "like", ...of, value: example } as const] : []),
      ];
    }),
  ]);

(hasPython("generated workloads") ? test : test.skip)(`${cases} generated workloads`, async () => {
  const bench = await Bench.create(cleanup);
  const ask = startPython<string[]>(cleanup, __dirname, "workload/reader.py");
  let [backs, refusals] = [0, 0];
  await fc.assert(
    fc.asyncProperty(apps, async (app) => {
      const model = new Model(app);
      const rules = rulesOf(app);
      let file = bench.write(model.sqlite());
      for (const round of app.rounds) {
        await bench.schema(model.postgres());
        await bench.copy(file, rules);
        model.moved();
        for (const step of round) await model.step(step, (sql) => bench.query(sql));
        try {
          ({ file } = await bench.back(file, rules));
        } catch (error) {
          // The form of a column that no row shows.
          if (!(error instanceof Refused)) throw error;
          refusals++;
          return;
        }
        backs++;
        const tables = app.tables.map(({ name, shape, columns }, place) => ({
          name,
          shape,
          kinds: columns.map((kind) => kind.name),
          highest: model.highest[place],
          unique: model.rows[place]!.map(({ key, unique }) => [key, unique]),
          rows: model.rows[place]!.map(({ key, values, old }) => [key, values, old]),
        }));
        expect(await ask({ file, tables })).toEqual([]);
      }
    }),
    { numRuns: cases },
  );
  if (process.env.PGMOOR_THOROUGH) console.log(`${backs} ways back, ${refusals} refused`);
  // The generator is of use only if a good part of its files comes back.
  expect(backs).toBeGreaterThan(refusals);
});
