import fc from "fast-check";
import Libsql from "libsql";
import { Bench } from "../support/copying";
import { column, fitting, write, type Table } from "../support/random-tables";
import { Cleanup } from "../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(600_000);

const cases = process.env.PGMOOR_THOROUGH ? 2000 : 40;

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

async function thereAndBack(table: Table): Promise<void> {
  const definitions = table.columns.map(({ type }, index) => `${column(index)} ${type}`).join(", ");
  await bench.schema(`CREATE TABLE "Random table" (${definitions}, id integer PRIMARY KEY)`);
  const source = bench.file();
  write(source, table);
  await bench.copy(source);
  const rows = table.rows.length;

  const unchanged = await bench.back(source);
  expect(unchanged.tables).toMatchObject([{ rows, kept: rows, written: 0, removed: 0 }]);
  expect(stored(unchanged.file, table)).toEqual(stored(source, table));

  // As if the app had written all of them on the server: each has to be rendered, and is proved to read as the same.
  const empty = bench.file();
  write(empty, { ...table, rows: [] });
  const rendered = await bench.back(empty);
  expect(rendered.tables).toMatchObject([{ rows, kept: 0, written: rows, removed: 0 }]);
}

test(`${cases} random tables go there and back`, async () => {
  await fc.assert(fc.asyncProperty(fitting, thereAndBack), { numRuns: cases });
});
