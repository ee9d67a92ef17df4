/** What a rollback by a deployment writes into the ledger: recorded, `rolling-back`, then `rolled-back` or `confirmed` again. */
import type { ClientBase } from "pg";
import type { MigrationTable } from "../../services/rules";
import { identifier } from "../base/quoting";
import { change, definition, inTransaction, mark, unmark, type Migrations, type Rollback } from "./ledger";

/** Records what is about to become of the source, before it is touched. The attempt stays `confirmed`. */
export async function recordRollback(client: ClientBase, attempt: number, rollback: Rollback): Promise<void> {
  await inTransaction(client, async () => {
    await client.query(definition);
    await change(client, attempt, "confirmed", "rollback = $3", JSON.stringify(rollback));
  });
}

/** Writes `rolling-back`: from here on the app may be started on its source. */
export async function recordRollingBack(client: ClientBase, attempt: number): Promise<void> {
  await change(client, attempt, "confirmed", "state = 'rolling-back'");
}

/** Writes `rolled-back`: the app has answered on its source. The next cutover copies anew. */
export async function recordRolledBack(client: ClientBase, attempt: number): Promise<void> {
  await inTransaction(client, async () => {
    await change(client, attempt, "rolling-back", "state = 'rolled-back', rolled_back_at = now()");
    await client.query(unmark);
  });
}

/** Writes `confirmed` again: the rollback did not get to its end, and the app goes on where it was. */
export async function recordBackOnServer(client: ClientBase, attempt: number): Promise<void> {
  await inTransaction(client, async () => {
    await change(client, attempt, "rolling-back", "state = 'confirmed'");
    await client.query(mark);
  });
}

/**
 * A digest of each table of the target in which the app records its schema migrations. It changes when the app is upgraded.
 * Tables that are not there, and those that are declared to record nothing, are left out.
 * @param client one of our sessions: its settings say how values are printed.
 */
export async function migrationsOf(
  client: ClientBase,
  tables: readonly MigrationTable[],
): Promise<Migrations> {
  const digests: Record<string, string> = {};
  for (const one of tables) {
    const { table, compare = "all" } = typeof one === "string" ? { table: one } : one;
    if (compare === "nothing") continue;
    const name = identifier(table);
    const there = await client.query<{ there: boolean }>("SELECT to_regclass($1) IS NOT NULL AS there", [
      name,
    ]);
    if (!there.rows[0]?.there) continue;
    const row = "md5(recorded::text)";
    const found = await client.query<{ digest: string }>(
      `SELECT md5(coalesce(string_agg(${row}, '' ORDER BY ${row}), '')) AS digest FROM ${name} AS recorded`,
    );
    digests[table] = found.rows[0]!.digest;
  }
  return digests;
}

export async function recordMigrations(
  client: ClientBase,
  attempt: number,
  migrations: Migrations,
): Promise<void> {
  await client.query("UPDATE pgmoor.ledger SET migrations = $2 WHERE attempt = $1", [
    attempt,
    JSON.stringify(migrations),
  ]);
}

/** The tables that say that the app was upgraded on the server since the copy; none when nobody recorded them then. */
export function upgradedSince(copied: Migrations | null, now: Migrations): string[] {
  if (copied === null) return [];
  const names = new Set([...Object.keys(copied), ...Object.keys(now)]);
  return [...names].filter((name) => copied[name] !== now[name]).sort();
}
