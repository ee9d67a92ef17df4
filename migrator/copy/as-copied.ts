/** Whether the two sides still hold what the ledger has of a copy: by what they hold, not by their bytes or counters. */
import type { Client } from "pg";
import { Refused } from "../base/errors";
import type { Attempt, TableRecord } from "../ledger/ledger";
import type { Run } from "../server/run";
import { contentOf, fingerprint } from "../sqlite/snapshot";
import { planCopy, type CopyRules } from "./copy-plan";
import { openCopy } from "./open-copy";
import { checksumOfTarget } from "./verify";

/**
 * Whether the source is as it was copied, or as a rollback has left it since: nobody but us has written to it. SQLite may have put its log into the file since, as the mere look of another program
 * makes it do: the bytes are others then, and every row is the same.
 * @param last with a fingerprint.
 */
export async function fileIsAsCopied(run: Run, file: string, last: Attempt): Promise<boolean> {
  if ((await fingerprint(file)) === last.fingerprint) return true;
  const known = [last.content, ...(last.rollback?.contents ?? [])].filter((content) => content !== null);
  if (known.length === 0) return false;
  try {
    const copy = await openCopy(run, file);
    copy.source.close();
    return known.includes(await contentOf(copy.file));
  } catch (error) {
    // What cannot be read is another one.
    if (error instanceof Refused) return false;
    throw error;
  }
}

/** Whether the target's tables still hold what was copied from the file. */
export async function targetIsAsCopied(
  run: Run,
  client: Client,
  file: string,
  declared: CopyRules,
  recorded: Readonly<Record<string, TableRecord>>,
): Promise<boolean> {
  const { source } = await openCopy(run, file);
  try {
    const plans = await planCopy(client, source, declared);
    if (plans.length !== Object.keys(recorded).length) return false;
    for (const plan of plans) {
      const expected = recorded[plan.target.name];
      // It was copied from a PostgreSQL.
      if (expected?.form === "sent") return false;
      // In the form of then: a rule that is declared since may need another.
      const found = await checksumOfTarget(client, plan, expected?.form ?? "text");
      if (found.rows !== expected?.rows || found.toString() !== expected.checksum) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  } finally {
    source.close();
  }
}
