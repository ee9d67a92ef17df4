import type { Client } from "pg";
import type { Config } from "../job/config";
import type { Findings } from "../ledger/decide";
import type { Attempt } from "../ledger/ledger";
import { untouchedTables } from "../copy/copy-plan";
import { fingerprint, isThere, reachOf, type Source } from "./source";
import { holdsRows } from "../server/target";
import { countUses, usedSince } from "../ledger/table-uses";

/** Looks at source and target as far as the decision needs it. Changes nothing. */
export async function findings(
  client: Client,
  config: Pick<Config, "migrationTables" | "rules"> & { readonly source: Source },
  last: Attempt | undefined,
): Promise<Findings> {
  const { source } = config;
  const targetWritten = await writtenSinceCopy(client, last);
  // The source is held against the record byte for byte only where it matters: reading it all costs time while the app is down.
  const compared = last?.state === "confirmed" || targetWritten;
  const now = compared ? await fingerprint(source) : undefined;
  const there = compared ? now !== undefined : await isThere(source);
  return {
    last: last?.state,
    source: !there ? "absent" : compared && now === last?.fingerprint ? "unchanged" : "changed",
    targetWritten,
    // A look into the tables would count as a use of them.
    targetHasRows: targetWritten || (await holdsRows(client, reachOf(source), untouchedTables(config))),
  };
}

/** Without recorded counts nobody can tell. */
async function writtenSinceCopy(client: Client, last: Attempt | undefined): Promise<boolean> {
  if (last?.state !== "copied" || last.writes === null) return false;
  return usedSince(last.writes, await countUses(client, "writes")).length > 0;
}
