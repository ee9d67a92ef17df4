import type { Client } from "pg";
import type { Log } from "../base/progress";
import type { TableRecord } from "../ledger/ledger";
import { tablesOf } from "./catalog";
import { shortName } from "./copy-database";
import { qualifyNames } from "./origin";
import { sumOf } from "./sums";

/**
 * Whether the target's tables still hold what was copied from a database. Of a copy by an earlier version nobody can tell, so they
 * are taken to hold more: then they are kept.
 * @param client a session for this alone.
 */
export async function databaseIsAsCopied(
  client: Client,
  recorded: Readonly<Record<string, TableRecord>>,
  log: Log,
): Promise<boolean> {
  if (Object.values(recorded).some(({ form }) => form !== "sent")) {
    log(
      "the ledger's checksums are of an earlier version of pgmoor and cannot be compared: the server's rows are kept",
    );
    return false;
  }
  await qualifyNames(client);
  // A parallel worker's scans are counted before the session's own, and whoever waits for these would not wait long enough.
  await client.query("SET max_parallel_workers_per_gather = 0");
  const tables = await tablesOf(client);
  if (tables.length !== Object.keys(recorded).length) return false;
  for (const table of tables) {
    const found = await sumOf(client, table);
    const expected = recorded[shortName(table)];
    if (found.rows !== expected?.rows || found.checksum !== expected.checksum) return false;
  }
  return true;
}
