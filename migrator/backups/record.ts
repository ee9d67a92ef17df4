/**
 * The table in which backups and restore tests are recorded, in the server's database `postgres`: `pgmoor status` and the
 * monitoring read it. What is really there is in the repository.
 */
import type { ClientBase } from "pg";
import { monitors } from "../../services/monitoring";

const tables = `
  CREATE SCHEMA IF NOT EXISTS pgmoor;
  CREATE TABLE IF NOT EXISTS pgmoor.backups (
    run bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('backup', 'test')),
    backup text,
    started timestamptz NOT NULL DEFAULT now(),
    ended timestamptz,
    outcome text CHECK (outcome IN ('done', 'failed')),
    message text,
    bytes bigint,
    added bigint,
    databases text[]
  );
  CREATE TABLE IF NOT EXISTS pgmoor.wal (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    stored timestamptz NOT NULL,
    trouble text
  );
  GRANT USAGE ON SCHEMA pgmoor TO ${monitors};
  GRANT SELECT ON pgmoor.backups, pgmoor.wal TO ${monitors};`;

/** Several jobs of ours may begin at a time. */
const lock = 7_364_827_105;

export async function makeRecords(client: ClientBase): Promise<void> {
  await client.query("BEGIN");
  await client.query("SELECT pg_advisory_xact_lock($1)", [lock]);
  await client.query(tables);
  await client.query("COMMIT");
}

export type Kind = "backup" | "test";

/** Begins one. Those that were cut off before are failed. @returns its number */
export async function begin(client: ClientBase, kind: Kind, backup?: string): Promise<string> {
  await makeRecords(client);
  await client.query(
    "UPDATE pgmoor.backups SET outcome = 'failed', ended = now(), message = 'it was cut off' WHERE kind = $1 AND outcome IS NULL",
    [kind],
  );
  const { rows } = await client.query<{ run: string }>(
    "INSERT INTO pgmoor.backups (kind, backup) VALUES ($1, $2) RETURNING run",
    [kind, backup],
  );
  return rows[0]!.run;
}

export interface Outcome {
  readonly outcome: "done" | "failed";
  readonly backup?: string | undefined;
  readonly message?: string | undefined;
  readonly bytes?: number | undefined;
  readonly added?: number | undefined;
  readonly databases?: readonly string[] | undefined;
}

export async function end(client: ClientBase, run: string, the: Outcome): Promise<void> {
  await client.query(
    `UPDATE pgmoor.backups SET ended = clock_timestamp(), outcome = $2, backup = coalesce($3, backup), message = $4,
            bytes = $5, added = $6, databases = $7 WHERE run = $1`,
    [run, the.outcome, the.backup, the.message, the.bytes, the.added, the.databases],
  );
}

/** That the WAL up to now is about to be in the repository, or why it is not. Its commit is a point that a restore can reach. */
export async function noteWal(client: ClientBase, trouble: string | null): Promise<void> {
  await client.query(
    `INSERT INTO pgmoor.wal (stored, trouble) VALUES (now(), $1)
     ON CONFLICT (one) DO UPDATE SET stored = CASE WHEN $1::text IS NULL THEN now() ELSE pgmoor.wal.stored END, trouble = $1`,
    [trouble],
  );
}
