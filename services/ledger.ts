/** Names in a service's database that both the migrator and a plan know. */

/** Schema of everything of ours in a service's database. */
export const ledgerSchema = "pgmoor";

/**
 * An empty table in it, which is there while the ledger's last attempt is confirmed, or is being rolled back and
 * the app has not yet answered on its source. Terraform's provider reads the names of
 * tables, and no rows.
 */
export const confirmedTable = "confirmed";

/**
 * What becomes of the server's rows when a service goes back to its source: they are brought into it, or left behind on the
 * server.
 */
export type RollbackKind = (typeof rollbackKinds)[number];
export const rollbackKinds = ["copy-back", "discard"] as const;
