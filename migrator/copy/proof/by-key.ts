/** Rows of the source, each against the row of the target that has its key. */
import type { ClientBase } from "pg";
import { identifier, literal } from "../../base/quoting";
import type { TablePlan } from "../copy-plan";
import type { Difference } from "./expected";
import { differingPlaces, keyOf, type PackedRows, valuesOf } from "./packed-rows";
import { rowsIn, targetBytes } from "./target-rows";

/** Types of which a key's value can be written for a query just as its form is. */
const keyTypes = new Set(["int2", "int4", "int8", "text", "varchar", "uuid"]);

/** Places of the key's columns among those that are copied; `undefined` where rows cannot be found by it. */
export function keyPlaces({ columns, target: { primaryKey } }: TablePlan): number[] | undefined {
  const places = primaryKey.map((name) => columns.findIndex(({ target }) => target.name === name));
  const usable = places.every((place) => keyTypes.has(columns[place]?.target.type ?? ""));
  return places.length > 0 && usable ? places : undefined;
}

/** Finds the partners of rows in the target. @returns these as they came */
export async function partners(
  client: ClientBase,
  plan: TablePlan,
  places: readonly number[],
  rows: readonly PackedRows[],
): Promise<Buffer[]> {
  return await targetBytes(
    client,
    plan,
    joined(
      plan,
      places,
      rows.flatMap(({ keys }) => keys),
    ),
  );
}

/** Says in which columns rows and their partners differ. */
export async function differencesIn(
  plan: TablePlan,
  places: readonly number[],
  rows: readonly PackedRows[],
  found: readonly Buffer[],
): Promise<Difference[]> {
  const wanted = new Map<string, readonly [rows: PackedRows, row: number]>();
  for (const some of rows) for (const [row, key] of some.keys.entries()) wanted.set(key, [some, row]);
  const differences: Difference[] = [];
  for await (const some of rowsIn(plan, found))
    for (const forms of some) {
      const key = keyOf(forms, places);
      const partner = wanted.get(key);
      if (partner === undefined) continue;
      wanted.delete(key);
      const [rows, row] = partner;
      for (const place of differingPlaces(forms, ...partner))
        differences.push(differing(plan, rows.names[row]!(), place));
    }
  return [...differences, ...[...wanted.values()].map(([rows, row]) => lost(rows.names[row]!))];
}

/** @param name says which row it is */
export const lost = (name: () => string): Difference => ({
  row: name(),
  column: "(row)",
  why: "the target lacks this row",
});

/** Finds rows by their key, and so by the index of the primary key. */
function joined({ columns }: TablePlan, places: readonly number[], keys: readonly string[]): string {
  const values = keys.map(valuesOf);
  const quoted = (value: string) => (/^-?\d+$/.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`);
  const lists = places.map((place, index) => {
    const items = values.map((of) => quoted(of[index]!));
    return `${literal(`{${items.join(",")}}`)}::${columns[place]!.target.castable}[]`;
  });
  const names = places.map((_, index) => `k${index}`);
  const equal = places.map(
    (place, index) => `t.${identifier(columns[place]!.target.name)} = s.${names[index]}`,
  );
  return `JOIN unnest(${lists.join(", ")}) AS s(${names.join(", ")}) ON ${equal.join(" AND ")}`;
}

function differing({ columns }: TablePlan, row: string, place: number): Difference {
  const { name, described } = columns[place]!.target;
  return { row, column: name, why: `differs from the source's value, as ${described}` };
}
