import { messageOf } from "../base/errors";
import { lastAttempt, markConfirmed, recordSource } from "../ledger/ledger";
import { Run, type RunOptions } from "../server/run";
import type { Source } from "./source";

/** A large source on a slow disk takes minutes. What has not ended after a day hangs. */
const seconds = 86_400;

/**
 * Compares the source of a confirmed service with what was copied, while the app runs: somebody may write to it and believe that
 * it is in use. The log warns, and the ledger keeps it. It is no reason for anything to fail.
 */
export async function watchSource(source: Source, options: Omit<RunOptions, "seconds">): Promise<void> {
  const { log } = options;
  try {
    await Run.of({ ...options, seconds, waits: false }, async (run) => {
      const client = await run.session();
      const last = await lastAttempt(client);
      if (last?.state !== "confirmed") return;
      await markConfirmed(client);
      const changed = (await source.isThere()) && !(await source.isAsCopied(run, last));
      await recordSource(client, last.attempt, changed);
      if (changed)
        log(
          "WARNING: the source has changed since the app was confirmed on the server. The app uses the server, " +
            "which does not have this change. Find out which program writes to the source. `pgmoor-migrator ledger` shows when",
        );
    });
  } catch (error) {
    log(`the source could not be compared with what was copied: ${messageOf(error)}`);
  }
}
