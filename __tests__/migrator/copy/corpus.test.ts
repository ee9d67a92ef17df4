/** Awkward databases, each with what comes of it: the tables are in `corpus/`. */
import * as path from "node:path";
import { messageOf, Refused } from "../../../migrator/base/errors";
import type { Copied } from "../../../migrator/ledger/ledger";
import { scratchCopy, takeSnapshot } from "../../../migrator/sqlite/snapshot";
import type { Rule } from "../../../services/rules";
import { files } from "./corpus/files";
import { migrations } from "./corpus/migrations";
import { names } from "./corpus/names";
import { sequences } from "./corpus/sequences";
import { surroundings } from "./corpus/surroundings";
import { tables } from "./corpus/tables";
import { numbers, others, prelude, texts, times, type ValueCase } from "./corpus/values";
import { Bench } from "../support/copying";
import { Cleanup } from "../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

// One copy of a hundred tables takes seconds on a loaded machine.
jest.setTimeout(60_000);

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.create(cleanup);
});

const refusal = async (copying: Promise<unknown>): Promise<string> => {
  const error: unknown = await copying.then(
    () => new Error("it was copied"),
    (thrown: unknown) => thrown,
  );
  expect(messageOf(error)).not.toBe("it was copied");
  expect(error).toBeInstanceOf(Refused);
  return messageOf(error);
};

describe("values", () => {
  // One database holds all that fit, another all that do not: a table for each case.
  const all = [...numbers, ...texts, ...times, ...others].map((one, index) => ({
    ...one,
    table: `c${index}`,
  }));
  const available = new Set<string>();
  let copied: Copied;
  let refused: string;

  const asAdmin = (sql: string) =>
    `RESET SESSION AUTHORIZATION; ${sql}; SET SESSION AUTHORIZATION ${bench.database.name};`;
  const definitions = (cases: typeof all) =>
    [...available].map((name) => asAdmin(`CREATE EXTENSION ${name} SCHEMA public`)).join("") +
    prelude +
    cases.map(({ table, type }) => `CREATE TABLE ${table} (v ${type});`).join("");
  const source = (cases: typeof all) =>
    cases
      .map(({ table, value }) => `CREATE TABLE ${table} (v); INSERT INTO ${table} VALUES (${value});`)
      .join("");
  const rules = (cases: typeof all) =>
    cases.flatMap(({ table, rules = [] }) => rules.map((rule): Rule => ({ table, column: "v", ...rule })));

  beforeAll(async () => {
    const found = await bench.query<{ name: string }>("SELECT name FROM pg_available_extensions");
    for (const extension of ["vector", "hstore"])
      if (found.some(({ name }) => name === extension)) available.add(extension);
      else console.log(`skipped: values of ${extension}, which the test server does not have`);
    const usable = all.filter(({ needs }) => needs === undefined || available.has(needs));
    const [fitting, others] = [usable.filter(reads), usable.filter((one) => !reads(one))];
    // No more than a hundred are named at once.
    const half = others.length >> 1;
    const parts = [others.slice(0, half), others.slice(half)];
    refused = "";
    for (const part of parts)
      refused += await refusal(bench.run(definitions(part), source(part), rules(part)));
    copied = await bench.run(definitions(fitting), source(fitting), rules(fitting));
  });

  const reads = (one: ValueCase) => one.reads !== undefined;

  test.each(all)("$name", async ({ table, needs, reads, refused: expected, rules = [], idle }) => {
    if (needs !== undefined && !available.has(needs)) return;
    if (expected !== undefined) {
      const [kind, rule] = expected;
      const [line = ""] = refused.split("\n").filter((one) => one.includes(` ${table}.v, rowid 1: `));
      expect(line).toContain(kind);
      expect(line.endsWith(`(this rule would help: ${rule})`)).toBe(true);
      return;
    }
    const rows = await bench.query(`SELECT v::text FROM ${table}`);
    expect(rows).toEqual(reads === "no row" ? [] : [{ v: reads }]);
    const applied = copied.rules.filter(({ rule }) => rule.table === table).map((use) => use.applied);
    expect(applied).toEqual(rules.map(() => (idle ? 0 : 1)));
  });
});

describe.each([
  ["names", names],
  ["tables", tables],
  ["migrations", migrations],
  ["sequences", sequences],
  ["surroundings", surroundings],
] as const)("%s", (_, cases) => {
  test.each(cases)(
    "$name",
    async ({ target, source, rules = [], migrationTables = [], reads, notes, refused }) => {
      await bench.schema(target);
      const copying = bench.copy(bench.write(source), rules, migrationTables);
      if (refused !== undefined) {
        const message = await refusal(copying);
        for (const part of refused) expect(message).toContain(part);
      } else {
        expect((await copying).notes).toMatchObject(notes ?? {});
        const [query, rows] = reads ?? ["", []];
        expect(await bench.query(query)).toEqual(rows);
      }
    },
  );
});

test.each(files)("file: $name", async ({ make, rows, refused }) => {
  const folder = cleanup.folder();
  const file = path.join(folder, "app.db");
  make(file);
  await bench.schema("CREATE TABLE t (a text)");
  const copying = takeSnapshot(file, path.join(folder, "backup"), 1)
    .then((snapshot) => scratchCopy(snapshot, path.join(folder, "scratch")))
    .then((copy) => bench.copy(copy));
  if (refused !== undefined) expect(await refusal(copying)).toMatch(refused);
  else expect((await copying).rows).toBe(rows);
});
