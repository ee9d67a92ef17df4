/** Every row of a table against every row of the source, in any order. */
import type { ClientBase } from "pg";
import type { TablePlan } from "../copy-plan";
import { differencesIn, lost, partners } from "./by-key";
import { digestOf, Digests, partsFor } from "./digest";
import type { Difference, ExpectedRow } from "./expected";
import { packedRows } from "./packed-rows";
import { targetRows } from "./target-rows";

/** What comes of a comparison: the rows of the source that were compared, and what differs. */
export interface Compared {
  readonly rows: number;
  readonly differences: readonly Difference[];
}

/** Reads the source. */
export type Expected = (differ: (difference: Difference) => void) => AsyncIterable<ExpectedRow[]>;

/** So many rows are looked at for what differs, and so many are named. */
const lookedAt = 20_000;
const named = 20;

/** The source's side of a comparison. */
export interface SourceRows {
  readonly digests: Digests;
  /** What is found wrong while the source is read. */
  readonly differences: readonly Difference[];
}

/**
 * Reads every row of the source.
 * @param rows that it has
 * @param isEnded whether nobody wants to know any more
 */
export async function readSource(
  expected: Expected,
  rows: number,
  isEnded: () => boolean,
): Promise<SourceRows> {
  const differences: Difference[] = [];
  const digests = new Digests(partsFor(rows));
  for await (const batch of expected((difference) => differences.push(difference))) {
    if (isEnded()) break;
    for (const { forms } of batch) digests.add(digestOf(forms));
  }
  return { digests, differences };
}

/**
 * @param read what the source has
 * @param expected reads it anew, each time, once something differs
 * @param places of the primary key's columns, by which rows are paired then.
 */
export async function compareEveryRow(
  client: ClientBase,
  plan: TablePlan,
  read: SourceRows,
  expected: Expected,
  places: readonly number[] | undefined,
): Promise<Compared> {
  const { digests: source, differences } = read;
  if (differences.length > 0) return { rows: source.rows, differences };
  const target = new Digests(source.parts);
  for await (const rows of targetRows(client, plan)) for (const forms of rows) target.add(digestOf(forms));
  const parts = source.differing(target);
  if (parts.size === 0) return { rows: source.rows, differences };
  const missing = (await missingRows(client, plan, expected, source, parts)).slice(0, named);
  if (missing.length > 0) {
    const found =
      places === undefined
        ? missing.map(({ key }) => lost(key))
        : await differencesOf(client, plan, missing, places);
    return { rows: source.rows, differences: found };
  }
  const why = `${target.rows} rows where the source has ${source.rows}`;
  return { rows: source.rows, differences: [{ row: "all rows", column: "(row)", why }] };
}

async function differencesOf(
  client: ClientBase,
  plan: TablePlan,
  missing: readonly ExpectedRow[],
  places: readonly number[],
): Promise<Difference[]> {
  const rows = [packedRows(missing, places)];
  return await differencesIn(plan, places, rows, await partners(client, plan, places, rows));
}

/** Rows of the source that the target does not have, among those of some parts. */
async function missingRows(
  client: ClientBase,
  plan: TablePlan,
  expected: Expected,
  source: Digests,
  parts: ReadonlySet<number>,
): Promise<ExpectedRow[]> {
  const missing = new Map<string, ExpectedRow[]>();
  let held = 0;
  for await (const batch of expected(() => undefined)) {
    for (const row of batch) {
      const digest = digestOf(row.forms);
      if (!parts.has(source.partOf(digest)) || ++held > lookedAt) continue;
      const id = digest.toString("hex");
      missing.set(id, [...(missing.get(id) ?? []), row]);
    }
  }
  for await (const rows of targetRows(client, plan))
    for (const forms of rows) {
      const digest = digestOf(forms);
      if (parts.has(source.partOf(digest))) missing.get(digest.toString("hex"))?.pop();
    }
  return [...missing.values()].flat();
}
