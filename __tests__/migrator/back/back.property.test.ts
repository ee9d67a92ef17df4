import fc from "fast-check";
import Libsql from "libsql";
import type { Rule } from "../../../services/rules";
import { Bench } from "../support/copying";
import { column, fitting, write, type Table } from "../support/random-tables";
import { Cleanup } from "../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(7_200_000);

const cases = process.env.PGMOOR_THOROUGH ? 2000 : 20;

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.create(cleanup);
});

/** Every value with how it is stored. */
function stored(file: string, { columns }: Table): unknown[] {
  const database = new Libsql(file);
  const each = columns.map((_, index) => `typeof(${column(index)}) || hex(${column(index)})`);
  const found = database
    .prepare(`SELECT ${["id", ...each].join(", ")} FROM "Random table" ORDER BY id`)
    .raw(true)
    .all();
  database.close();
  return found;
}

/** How an app may write what it writes in a form of its own. */
const examples: Readonly<Record<string, string>> = {
  timestamp: "2024-05-06 07:08:09.123456",
  timestamptz: "2024-05-06T07:08:09.123456Z",
  date: "2024-05-06",
  time: "07:08:09.123456",
  uuid: "00000000-0000-4000-8000-00000000000a",
};

async function thereAndBack(table: Table): Promise<void> {
  const { columns } = table;
  const definitions = columns.map(({ type }, index) => `${column(index)} ${type}`).join(", ");
  await bench.schema(`CREATE TABLE "Random table" (${definitions}, id integer PRIMARY KEY)`);
  const source = bench.file();
  write(source, table);
  await bench.copy(source);
  const rows = table.rows.length;

  const unchanged = await bench.back(source);
  expect(unchanged.tables).toMatchObject([{ rows, kept: rows, changed: 0, added: 0, removed: 0 }]);
  expect(stored(unchanged.file, table)).toEqual(stored(source, table));

  // As if the app had written all of them on the server: each has to be rendered, and is proved to read as the same.
  const empty = bench.file();
  write(empty, { ...table, rows: [] });
  const like = columns.flatMap(({ type }, index): Rule[] => {
    const value = type.endsWith("[]") ? "[]" : examples[type];
    return value === undefined ? [] : [{ kind: "like", table: "Random table", column: `c ${index}`, value }];
  });
  const rendered = await bench.back(empty, like);
  expect(rendered.tables).toMatchObject([{ rows, kept: 0, changed: 0, added: rows, removed: 0 }]);
}

test(`${cases} random tables go there and back`, async () => {
  await fc.assert(fc.asyncProperty(fitting, thereAndBack), { numRuns: cases });
});
