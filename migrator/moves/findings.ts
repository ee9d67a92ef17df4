import type { Client } from "pg";
import type { Config } from "../job/config";
import type { Findings } from "../ledger/decide";
import type { Attempt } from "../ledger/ledger";
import { untouchedTables } from "../copy/copy-plan";
import type { Run } from "../server/run";
import { holdsRows } from "../server/target";
import { sourceIsAsCopied, targetIsAsCopied } from "./content";
import { isThere, reachOf, type Source } from "./source";

/** Looks at source and target as far as the decision needs it. Changes nothing. */
export async function findings(
  run: Run,
  client: Client,
  config: Pick<Config, "migrationTables" | "rules"> & { readonly source: Source },
  last: Attempt | undefined,
): Promise<Findings> {
  const { source } = config;
  // The two are held against the record only where it matters: reading them costs time while the app is down.
  const there = await isThere(source);
  const unchanged = last?.state === "copied" && there && (await sourceIsAsCopied(run, source, last));
  const targetWritten =
    unchanged && last.tables !== null && !(await targetIsAsCopied(run, config, last.tables));
  return {
    // A confirmed one is decided without a look.
    last: last?.state as Findings["last"],
    source: !there ? "absent" : unchanged ? "unchanged" : "changed",
    targetWritten,
    targetHasRows: targetWritten || (await holdsRows(client, reachOf(source), untouchedTables(config))),
  };
}
