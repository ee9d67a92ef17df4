import type { Client } from "pg";
import type { TableRecord } from "../ledger/ledger";
import { tablesOf } from "./catalog";
import { shortName } from "./copy-database";
import { sumOf } from "./proof";

/** Whether the target's tables still hold what was copied from a database. */
export async function databaseIsAsCopied(
  client: Client,
  recorded: Readonly<Record<string, TableRecord>>,
): Promise<boolean> {
  const tables = await tablesOf(client);
  if (tables.length !== Object.keys(recorded).length) return false;
  for (const table of tables) {
    const found = await sumOf(client, table);
    const expected = recorded[shortName(table)];
    if (found.rows !== expected?.rows || found.checksum !== expected.checksum) return false;
  }
  return true;
}
