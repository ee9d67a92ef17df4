import type { Client } from "pg";
import type { Findings } from "../ledger/decide";
import type { Attempt } from "../ledger/ledger";
import type { Run } from "../server/run";
import { holdsRows } from "../server/target";
import type { Source } from "./source";
import { targetIsAsCopied } from "./target-as-copied";

/** Looks at source and target as far as the decision needs it. Changes nothing. */
export async function findings(
  run: Run,
  client: Client,
  source: Source,
  last: Attempt | undefined,
): Promise<Findings> {
  // The two are held against the record only where it matters: reading them costs time while the app is down.
  const there = await source.isThere();
  const discards = last?.rollback?.kind === "discard";
  const matters = last?.state === "copied" || (last?.state === "rolling-back" && !discards);
  const unchanged = matters && there && (await source.isAsCopied(run, last));
  const targetWritten =
    unchanged &&
    last.state === "copied" &&
    last.tables !== null &&
    !(await targetIsAsCopied(run, source, last.tables));
  return {
    // A confirmed one is decided without a look.
    last: last?.state as Findings["last"],
    source: !there ? "absent" : unchanged ? "unchanged" : "changed",
    targetWritten,
    discards,
    targetHasRows: targetWritten || (await holdsRows(client, source.reach, source.untouched)),
  };
}
