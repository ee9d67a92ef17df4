/** The tables that postgres_exporter reads (`constructs/monitoring/queries.ts`), in the database of the monitoring's role. */
import type { ClientBase } from "pg";

/** A row of `services`. `null`: there is none, or nobody could tell. */
export interface ServiceRow {
  readonly service: string;
  readonly database: string;
  readonly declared: string;
  readonly deployed: string | null;
  readonly up: boolean | null;
  readonly has_database: boolean;
  readonly state: string | null;
  readonly attempt: number | null;
  readonly rows: number | null;
  readonly confirmed: Date | null;
  readonly password_changed: string | null;
  readonly backup_made: Date | null;
  readonly backup_proved: Date | null;
}

export interface ServerRow {
  /** How many things could not be told. */
  readonly unknown: number;
  /** Whether what follows of backups is known. */
  readonly backups: boolean;
  readonly backup_failed: boolean;
  readonly test_failed: boolean;
  readonly wal_stored: Date | null;
  readonly wal_trouble: boolean;
  readonly certificate_ends: string | null;
  readonly disk_bytes: number | null;
  readonly disk_free: number | null;
}

const tables = `
  CREATE TABLE IF NOT EXISTS services (
    service text PRIMARY KEY,
    database text NOT NULL,
    declared text NOT NULL,
    deployed text,
    up boolean,
    has_database boolean NOT NULL,
    state text,
    attempt integer,
    rows bigint,
    confirmed timestamptz,
    password_changed timestamptz,
    backup_made timestamptz,
    backup_proved timestamptz,
    first_seen timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE IF NOT EXISTS server (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    asked timestamptz NOT NULL,
    unknown integer NOT NULL,
    backups boolean NOT NULL,
    backup_failed boolean NOT NULL,
    test_failed boolean NOT NULL,
    wal_stored timestamptz,
    wal_trouble boolean NOT NULL,
    certificate_ends timestamptz,
    disk_bytes bigint,
    disk_free bigint,
    first_seen timestamptz NOT NULL DEFAULT now()
  );`;

/** All of it in one transaction: nobody sees half a look. */
export async function store(
  client: ClientBase,
  services: readonly ServiceRow[],
  server: ServerRow,
): Promise<void> {
  await client.query("BEGIN");
  try {
    await client.query(tables);
    for (const row of services) await upsert(client, "services", "service", { ...row });
    await client.query("DELETE FROM services WHERE NOT service = ANY ($1)", [
      services.map(({ service }) => service),
    ]);
    await upsert(client, "server", "one", { one: true, asked: new Date(), ...server });
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}

/** The columns' names are ours: those of the interfaces above. */
async function upsert(
  client: ClientBase,
  table: string,
  key: string,
  row: Readonly<Record<string, unknown>>,
): Promise<void> {
  const names = Object.keys(row);
  await client.query(
    `INSERT INTO ${table} (${names.join(", ")}) VALUES (${names.map((_, at) => `$${at + 1}`).join(", ")})
     ON CONFLICT (${key}) DO UPDATE SET ${names.map((name) => `${name} = excluded.${name}`).join(", ")}`,
    Object.values(row),
  );
}
