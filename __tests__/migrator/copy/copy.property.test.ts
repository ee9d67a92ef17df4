import fc from "fast-check";
import { Refused } from "../../../migrator/base/errors";
import { Bench } from "../support/copying";
import { column, fitting, tables, write, type Table } from "../support/random-tables";
import { Cleanup } from "../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(7_200_000);

const cases = process.env.PGMOOR_THOROUGH ? 2000 : 40;

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.create(cleanup);
});

const held = async ({ columns }: Table) => {
  const read = columns
    .map(({ read: how }, index) => `${how?.(column(index)) ?? `${column(index)}::text`} AS v${index}`)
    .join(", ");
  return (await bench.query(`SELECT id, ${read} FROM "Random table" ORDER BY id`)).map((row) =>
    Object.values(row),
  );
};

/** Makes both sides; the target's one row is of the app's own. */
async function prepare(table: Table): Promise<string> {
  const definitions = table.columns.map(({ type }, index) => `${column(index)} ${type}`).join(", ");
  await bench.schema(
    `CREATE TABLE "Random table" (${definitions}, id integer PRIMARY KEY); INSERT INTO "Random table" (id) VALUES (-7)`,
  );
  const file = bench.file();
  write(file, table);
  return file;
}

/** The copy holds every value, or is refused naming exactly the values that do not fit, and then the table is as before. */
async function equalOrRefused(table: Table): Promise<void> {
  const { columns, rows } = table;
  const file = await prepare(table);
  const misfits = rows.flatMap((row, index) =>
    row.flatMap(({ reads }, place) =>
      reads === undefined ? [`Random table.c ${place}, rowid ${index + 1}:`] : [],
    ),
  );
  if (misfits.length > 0) {
    const error: unknown = await bench.copy(file).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Refused);
    const named = (error as Refused).message.match(/Random table\.c \d, rowid \d+:/g);
    expect(named?.sort()).toEqual(misfits.sort());
    expect(await held(table)).toEqual([[-7, ...columns.map(() => null)]]);
    return;
  }
  expect((await bench.copy(file)).rows).toBe(rows.length);
  expect(await held(table)).toEqual(rows.map((row, index) => [index + 1, ...row.map(({ reads }) => reads)]));
}

/** With rules for every column, the copy holds exactly the rows whose every value fits, and counts the others. */
async function equalWithoutMisfits(table: Table): Promise<void> {
  const { columns, rows } = table;
  const file = await prepare(table);
  const rules = columns.map(
    (_, index) => ({ kind: "skip-row", table: "Random table", column: `c ${index}` }) as const,
  );
  const copied = await bench.copy(file, rules);
  const fitting = rows.flatMap((row, index) =>
    row.every(({ reads }) => reads !== undefined) ? [[index + 1, ...row.map(({ reads }) => reads)]] : [],
  );
  expect(await held(table)).toEqual(fitting);
  expect(copied.rules.map(({ applied }) => applied)).toEqual(
    columns.map((_, place) => rows.filter((row) => row[place]?.reads === undefined).length),
  );
}

test(`${cases} random tables that fit are equal afterwards`, async () => {
  await fc.assert(fc.asyncProperty(fitting, equalOrRefused), { numRuns: cases });
});

test(`${cases} random tables are equal afterwards, or refused with every value that does not fit named`, async () => {
  await fc.assert(fc.asyncProperty(tables, equalOrRefused), { numRuns: cases });
});

test(`${cases / 2} random tables keep exactly the rows that fit, if rules leave the others behind`, async () => {
  await fc.assert(fc.asyncProperty(tables, equalWithoutMisfits), { numRuns: cases / 2 });
});
