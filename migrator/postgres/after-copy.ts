import type { Client } from "pg";
import { leftAfter, recordCounts } from "../moves/after-copy";
import type { Moved } from "../moves/source";
import type { Run } from "../server/run";
import type { CopiedDatabase } from "./copy-database";

/** What is left to do once the copy is committed. @param target ended by it. */
export async function afterCopy(
  run: Run,
  target: Client,
  attempt: number,
  { uses, ...copied }: CopiedDatabase,
  snapshot: string,
): Promise<Moved> {
  run.left = leftAfter.committed;
  await target.end();
  // A new session: by the search path that the copy has brought along, as `confirm` will count.
  await recordCounts(run, await run.session(), attempt, uses);
  return { ...copied, snapshot };
}
