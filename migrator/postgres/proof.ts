import type { ClientBase } from "pg";
import { Failed } from "../base/errors";
import type { TableRecord } from "../ledger/ledger";
import { sequencesOf, tablesOf, type Table } from "./catalog";
import { definitionsOf, type Properties } from "./definitions";
import { sameExpression } from "./expressions";
import { serverMajor } from "./fit";
import { askedFor, sumOf } from "./sums";

/** What only one side has, and what the two have defined differently; of that the properties, since texts may hold values. */
export async function definitionsApart(
  source: ClientBase,
  target: ClientBase,
): Promise<{ missing: string[]; changed: string[] }> {
  const [here, there] = [await definitionsOf(source), await definitionsOf(target)];
  const sameRelease = (await serverMajor(source)) === (await serverMajor(target));
  const onOneSide = [...here.keys(), ...there.keys()].filter((one) => !here.has(one) || !there.has(one));
  // With a table, its columns are.
  const tables = onOneSide.flatMap((one) => /^relation . (.*)$/s.exec(one)?.[1] ?? []);
  const isPart = (one: string) => tables.some((table) => one.startsWith(`column ${table}.`));
  const missing = onOneSide.filter((one) => !isPart(one)).sort();
  const changed = [...here].flatMap(([name, properties]) => {
    const other = there.get(name);
    const apart = other === undefined ? [] : propertiesApart(properties, other, sameRelease);
    return apart.length === 0 ? [] : [`${name}: ${apart.join(", ")}`];
  });
  return { missing, changed: changed.sort() };
}

function propertiesApart(one: Properties, other: Properties, sameRelease: boolean): string[] {
  const apart = Object.entries(one).filter(([name, value]) => {
    const second = other[name] ?? null;
    if (name.endsWith("()") && typeof value === "string" && typeof second === "string")
      return !sameExpression(value, second, sameRelease);
    return value !== second;
  });
  return apart.map(([name]) => name.replace("()", ""));
}

/** What tells a table of the target from the source's, or `null`. */
export function rowsApart({ qualified }: Table, expected: TableRecord, found: TableRecord): string | null {
  if (found.rows !== expected.rows)
    return `table ${qualified}: ${expected.rows} rows in the source, ${found.rows} in the target`;
  if (found.checksum === expected.checksum) return null;
  return `table ${qualified}: checksum mismatch: the target has all ${found.rows} rows, but with other values than the source`;
}

/** The source's sequences that stand elsewhere in the target, and where either does. */
export async function sequencesApart(source: ClientBase, target: ClientBase): Promise<Map<string, string>> {
  const [before, after] = [await sequencesOf(source), await sequencesOf(target)];
  const apart = [...before].filter(([name, state]) => after.get(name) !== state);
  return new Map(
    apart.map(([name, state]) => [
      name,
      `at ${state} in the source, at ${after.get(name) ?? "nothing"} in the target`,
    ]),
  );
}

/**
 * Holds the target against the source: every definition by content; every table by count and checksum; every sequence.
 * @param sums of the source.
 * @returns what is recorded of each table, by schema and name.
 * @throws Failed naming what differs.
 */
export async function prove(
  source: ClientBase,
  target: ClientBase,
  sums = askedFor(source),
): Promise<Map<Table, TableRecord>> {
  const { missing, changed } = await definitionsApart(source, target);
  if (missing.length > 0) throw new Failed(`not on both sides: ${missing.slice(0, 10).join("; ")}`);
  if (changed.length > 0)
    throw new Failed(`defined differently on the two sides: ${changed.slice(0, 10).join("; ")}`);
  const records = new Map<Table, TableRecord>();
  for (const table of await tablesOf(source)) {
    const [expected, found] = await Promise.all([sums.of(table), sumOf(target, table)]);
    const difference = rowsApart(table, expected, found);
    if (difference !== null) throw new Failed(difference);
    records.set(table, expected);
  }
  for (const [name, how] of await sequencesApart(source, target))
    throw new Failed(`sequence ${name}: ${how}`);
  return records;
}
