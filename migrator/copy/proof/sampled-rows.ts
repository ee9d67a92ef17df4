/** Rows of the source by chance, each against the row of the target that has its key. */
import type { ClientBase } from "pg";
import type { TablePlan } from "../copy-plan";
import { differencesByKey } from "./by-key";
import type { Compared } from "./every-row";
import type { Difference } from "./expected";
import type { PackedRow } from "./packed-row";
import type { ReadAhead } from "./read-ahead";

/** No more is read once so much differs. */
const enough = 100;

/** Rows of the source that are looked for in the target by their key. */
export interface Sample {
  /** Of the key's columns. */
  readonly places: readonly number[];
  readonly rows: ReadAhead<PackedRow[]>;
  /** What is found wrong while the source is read. */
  readonly differences: Difference[];
}

export async function compareSample(
  client: ClientBase,
  plan: TablePlan,
  { places, rows, differences }: Sample,
): Promise<Compared> {
  let compared = 0;
  // The server looks for the next rows while these are compared.
  let before = Promise.resolve<Difference[]>([]);
  for await (const batch of rows.all()) {
    const found = differencesByKey(client, plan, places, batch);
    compared += batch.length;
    differences.push(...(await both(before, found)));
    before = found;
    if (differences.length > enough) break;
  }
  differences.push(...(await before));
  return { rows: compared, differences };
}

/** Waits for the first. If it fails the second fails with it, and that is said once. */
async function both<T>(first: Promise<T>, second: Promise<unknown>): Promise<T> {
  second.catch(() => undefined);
  return first;
}
