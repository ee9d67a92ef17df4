import type { ClientBase } from "pg";

/** The last attempt, as far as it says where a service stands. */
export interface LedgerSummary {
  readonly attempt: number;
  /** One of `State`, unless somebody has changed the ledger. */
  readonly state: string;
  readonly rows: number | null;
  readonly confirmed: Date | null;
  /** When the source was first seen to have changed since the move was confirmed. */
  readonly sourceChanged: Date | null;
}

/**
 * @param client of the service's own role: the table is the role's, and whatever it does when it is read, it does as the role.
 * @returns undefined in a database without a ledger
 */
export async function summarize(client: ClientBase): Promise<LedgerSummary | undefined> {
  const found = await client.query<{ there: boolean }>(
    "SELECT to_regclass('pgmoor.ledger') IS NOT NULL AS there",
  );
  if (!found.rows[0]?.there) return undefined;
  // A ledger of an older release has fewer columns.
  const { rows } = await client.query<LedgerSummary>(`
    SELECT attempt, left(state, 20) AS state, rows::float8 AS rows, confirmed_at AS confirmed,
           (to_jsonb(ledger) ->> 'source_changed_at')::timestamptz AS "sourceChanged"
    FROM pgmoor.ledger ORDER BY attempt DESC LIMIT 1`);
  return rows[0];
}
