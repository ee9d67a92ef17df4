/** Rows of the source, each against the row of the target that has its key. */
import type { ClientBase } from "pg";
import { identifier, literal } from "../../base/quoting";
import type { TablePlan } from "../copy-plan";
import type { Difference } from "./expected";
import { keyOf, pack, type PackedRow, unpack, valuesOf } from "./packed-row";
import { targetRows } from "./target-rows";

/** Types of which a key's value can be written for a query just as its form is. */
const keyTypes = new Set(["int2", "int4", "int8", "text", "varchar", "uuid"]);

/** Places of the key's columns among those that are copied; `undefined` where rows cannot be found by it. */
export function keyPlaces({ columns, target: { primaryKey } }: TablePlan): number[] | undefined {
  const places = primaryKey.map((name) => columns.findIndex(({ target }) => target.name === name));
  const usable = places.every((place) => keyTypes.has(columns[place]?.target.type ?? ""));
  return places.length > 0 && usable ? places : undefined;
}

/** Finds the rows' partners and says in which columns they differ. */
export async function differencesByKey(
  client: ClientBase,
  plan: TablePlan,
  places: readonly number[],
  rows: readonly PackedRow[],
): Promise<Difference[]> {
  if (rows.length === 0) return [];
  const wanted = new Map(rows.map((row) => [row.key, row]));
  const differences: Difference[] = [];
  for await (const found of targetRows(client, plan, joined(plan, places, rows)))
    for (const forms of found) {
      const key = keyOf(forms, places);
      const row = wanted.get(key);
      if (row === undefined) continue;
      wanted.delete(key);
      const packed = pack(forms);
      if (row.packed !== packed) differences.push(...differing(plan, row, packed));
    }
  return [...differences, ...[...wanted.values()].map(({ name }) => lost(name))];
}

/** @param name says which row it is */
export const lost = (name: () => string): Difference => ({
  row: name(),
  column: "(row)",
  why: "the target lacks this row",
});

/** Finds the rows by their key, and so by the index of the primary key. */
function joined({ columns }: TablePlan, places: readonly number[], rows: readonly PackedRow[]): string {
  const keys = rows.map(({ key }) => valuesOf(key, places));
  const lists = places.map((place, index) => {
    const items = keys.map((values) => `"${values[index]!.replace(/["\\]/g, "\\$&")}"`);
    return `${literal(`{${items.join(",")}}`)}::${columns[place]!.target.castable}[]`;
  });
  const names = places.map((_, index) => `k${index}`);
  const equal = places.map(
    (place, index) => `t.${identifier(columns[place]!.target.name)} = s.${names[index]}`,
  );
  return `JOIN unnest(${lists.join(", ")}) AS s(${names.join(", ")}) ON ${equal.join(" AND ")}`;
}

function differing(plan: TablePlan, { packed, name }: PackedRow, found: string): Difference[] {
  const [wanted, given] = [unpack(packed), unpack(found)];
  return plan.columns.flatMap(({ target }, index) =>
    wanted[index] === given[index]
      ? []
      : [
          {
            row: name(),
            column: target.name,
            why: `differs from the source's value, as ${target.described}`,
          },
        ],
  );
}
