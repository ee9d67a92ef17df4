/** Rows of the source by chance, each against the row of the target that has its key. */
import type { ClientBase } from "pg";
import type { TablePlan } from "../copy-plan";
import { differencesByKey } from "./by-key";
import type { Compared, Expected } from "./every-row";
import type { Difference } from "./expected";

/** No more is read once so much differs. */
const enough = 100;

export async function compareSample(
  client: ClientBase,
  plan: TablePlan,
  expected: Expected,
  places: readonly number[],
): Promise<Compared> {
  const differences: Difference[] = [];
  let rows = 0;
  for await (const batch of expected((difference) => differences.push(difference))) {
    differences.push(...(await differencesByKey(client, plan, places, batch)));
    rows += batch.length;
    if (differences.length > enough) break;
  }
  return { rows, differences };
}
