/** What the monitoring's role reads in the databases of others: the ledger of a service, and the record of the backups. */
import type { Client } from "pg";
import { Deadline } from "../base/deadline";
import { connect, cutOff, endSession } from "../server/connection";
import { loginOf, type DatabaseLogin } from "../server/login";

export interface LedgerFacts {
  readonly state: string;
  readonly attempt: number;
  readonly rows: number | null;
  readonly confirmed: Date | null;
}

export interface BackupFacts {
  readonly made: Date | null;
  readonly proved: Date | null;
}

export interface BackupsFacts {
  /** By database. */
  readonly databases: ReadonlyMap<string, BackupFacts>;
  readonly backup_failed: boolean;
  readonly test_failed: boolean;
  readonly wal_stored: Date | null;
  readonly wal_trouble: boolean;
}

/** A database may undo the limits of its own session; this is the most that one may take. */
const patienceMilliseconds = 10_000;

/**
 * A look into somebody's database. Its owner decides what is in it: the catalogue's own names count, and a table is read only
 * while it is locked and seen to be one. A view would run its owner's functions as the monitoring's role.
 * @returns undefined when there is no such table
 */
async function readTable<T>(
  server: DatabaseLogin["variables"],
  database: string,
  table: string,
  read: (client: Client) => Promise<T>,
): Promise<T | undefined> {
  const client = await connect(
    loginOf({
      ...server,
      PGDATABASE: database,
      PGOPTIONS: "-c search_path=pg_catalog -c lock_timeout=1s",
    }),
  );
  const patience = setTimeout(() => cutOff(client), patienceMilliseconds);
  try {
    await client.query("BEGIN READ ONLY");
    const there = await client.query("SELECT to_regclass($1) AS there", [table]);
    if ((there.rows[0] as { there: string | null }).there === null) return undefined;
    await client.query(`LOCK TABLE ${table} IN ACCESS SHARE MODE`);
    const plain = await client.query(
      "SELECT FROM pg_class WHERE oid = to_regclass($1) AND relkind = 'r' AND NOT relrowsecurity",
      [table],
    );
    return plain.rowCount === 1 ? await read(client) : undefined;
  } finally {
    clearTimeout(patience);
    await endSession(client);
  }
}

export function ledgerFacts(
  server: DatabaseLogin["variables"],
  database: string,
): Promise<LedgerFacts | undefined> {
  return readTable(server, database, "pgmoor.ledger", async (client) => {
    const { rows } = await client.query<LedgerFacts>(
      `SELECT left(state, 20) AS state, attempt, rows::float8 AS rows, CASE WHEN state = 'confirmed' THEN confirmed_at END AS confirmed
         FROM pgmoor.ledger ORDER BY attempt DESC LIMIT 1`,
    );
    return rows[0];
  });
}

/** The record is the admin's own, in the database `postgres`. */
export function backupsFacts(server: DatabaseLogin["variables"]): Promise<BackupsFacts | undefined> {
  return readTable(server, "postgres", "pgmoor.backups", async (client) => {
    const databases = await client.query<BackupFacts & { database: string }>(`
      SELECT database, max(started) FILTER (WHERE kind = 'backup') AS made, max(ended) FILTER (WHERE kind = 'test') AS proved
        FROM pgmoor.backups, unnest(databases) AS database WHERE outcome = 'done' GROUP BY database`);
    const last = await client.query<{ kind: string; outcome: string }>(
      "SELECT DISTINCT ON (kind) kind, outcome FROM pgmoor.backups WHERE outcome IS NOT NULL ORDER BY kind, run DESC",
    );
    const wal = await client.query<{ stored: Date; trouble: string | null }>(
      "SELECT stored, trouble FROM pgmoor.wal",
    );
    const failed = (kind: string) => last.rows.some((row) => row.kind === kind && row.outcome === "failed");
    return {
      databases: new Map(databases.rows.map(({ database, ...facts }) => [database, facts])),
      backup_failed: failed("backup"),
      test_failed: failed("test"),
      wal_stored: wal.rows[0]?.stored ?? null,
      wal_trouble: wal.rows[0]?.trouble != null,
    };
  });
}

/** The databases that there are, of these. */
export async function databasesThere(client: Client, names: readonly string[]): Promise<Set<string>> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT datname AS name FROM pg_catalog.pg_database WHERE datname = ANY ($1)",
    [names],
  );
  return new Set(rows.map(({ name }) => name));
}

/** A session in the facts' own database, as soon as the server answers. */
export function ownSession(server: DatabaseLogin["variables"], log: (line: string) => void): Promise<Client> {
  return connect(loginOf(server), { deadline: new Deadline(30), log });
}
