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
  for await (const batch of rows.all()) {
    differences.push(...(await differencesByKey(client, plan, places, batch)));
    compared += batch.length;
    if (differences.length > enough) break;
  }
  return { rows: compared, differences };
}
