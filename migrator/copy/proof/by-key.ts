/** Rows of the source, each against the row of the target that has its key. */
import type { ClientBase } from "pg";
import { identifier, literal } from "../../base/quoting";
import type { TablePlan } from "../copy-plan";
import type { Difference, ExpectedRow } from "./expected";
import type { Form } from "./form";
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
  rows: readonly ExpectedRow[],
): Promise<Difference[]> {
  if (rows.length === 0) return [];
  const [only] = places;
  const keyOf = (forms: readonly (Form | null)[]) =>
    places.length === 1 ? String(forms[only!]) : JSON.stringify(places.map((place) => String(forms[place])));
  const wanted = new Map(rows.map((row) => [keyOf(row.forms), row]));
  const differences: Difference[] = [];
  for await (const found of targetRows(client, plan, joined(plan, places, rows)))
    for (const forms of found) {
      const key = keyOf(forms);
      const row = wanted.get(key);
      if (row === undefined) continue;
      wanted.delete(key);
      if (!row.forms.every((form, index) => isSame(form, forms[index]!)))
        differences.push(...differing(plan, row.forms, forms, row.key()));
    }
  return [...differences, ...[...wanted.values()].map(lost)];
}

export const lost = ({ key }: ExpectedRow): Difference => ({
  row: key(),
  column: "(row)",
  why: "the target lacks this row",
});

/** Finds the rows by their key, and so by the index of the primary key. */
function joined({ columns }: TablePlan, places: readonly number[], rows: readonly ExpectedRow[]): string {
  const lists = places.map((place) => {
    const items = rows.map(({ forms }) => `"${String(forms[place]).replace(/["\\]/g, "\\$&")}"`);
    return `${literal(`{${items.join(",")}}`)}::${columns[place]!.target.castable}[]`;
  });
  const names = places.map((_, index) => `k${index}`);
  const equal = places.map(
    (place, index) => `t.${identifier(columns[place]!.target.name)} = s.${names[index]}`,
  );
  return `JOIN unnest(${lists.join(", ")}) AS s(${names.join(", ")}) ON ${equal.join(" AND ")}`;
}

function differing(
  plan: TablePlan,
  wanted: readonly (Form | null)[],
  found: readonly (Form | null)[],
  row: string,
): Difference[] {
  return plan.columns.flatMap(({ target }, index) =>
    isSame(wanted[index]!, found[index]!)
      ? []
      : [{ row, column: target.name, why: `differs from the source's value, as ${target.described}` }],
  );
}

function isSame(one: Form | null, other: Form | null): boolean {
  if (one === null || other === null) return one === other;
  if (typeof one === "string" && typeof other === "string") return one === other;
  return bytesOf(one).equals(bytesOf(other));
}

const bytesOf = (form: Form) => (typeof form === "string" ? Buffer.from(form) : form);
