/** What is left to do once a copy is committed. */
import type { Client } from "pg";
import { recordUses } from "../ledger/ledger";
import { countUses, usesAfterCopy } from "../ledger/table-uses";
import type { Run } from "../server/run";

const next = "the next attempt dumps the app's tables and copies the source again";

/** What an end leaves behind from the commit on. */
export const leftAfter = {
  committing: `the copy may be committed (the ledger shows it); ${next}`,
  committed: `the copy is committed but not confirmed; ${next}`,
};

/**
 * Records how often the tables had been used once the copy is in the server's counts.
 * @param least of each table, by schema and name: the count that shows it.
 */
export async function recordCounts(
  run: Run,
  client: Client,
  attempt: number,
  least: ReadonlyMap<string, number>,
): Promise<void> {
  const uses = await usesAfterCopy(client, least, run.deadline);
  await recordUses(client, attempt, { uses, writes: await countUses(client, "writes") });
}
