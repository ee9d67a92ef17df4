import type { ClientBase } from "pg";
import type { State } from "./decide";
import { Failed, Refused } from "../base/errors";
import { confirmedTable, type RollbackKind } from "../../services/ledger";
import { monitors } from "../../services/monitoring";
import type { Rule } from "../../services/rules";

/**
 * A rule, and to how many values it was applied; for what was left behind, and for what a sequence follows, the
 * number of rows.
 */
export interface RuleUse {
  readonly rule: Rule;
  readonly applied: number;
}

/** What is recorded of a copied table. */
export interface TableRecord {
  readonly rows: number;
  /** Order-independent checksum of the rows, see `Checksum`. */
  readonly checksum: string;
  /**
   * What the rows were summed in: COPY's binary form, or `sent` for a table of a PostgreSQL, see `rowHash`. Before there was
   * `sent`, such a table's checksum had no form and was made in another way.
   * @default COPY's text form
   */
  readonly form?: "binary" | "sent";
}

/** Uses of each of the app's tables, as PostgreSQL counts them; the key is schema and table. */
export type TableUses = Readonly<Record<string, number>>;

/** What was compared of a table, value by value. */
export interface Proof {
  /** Rows whose every value was compared. */
  readonly rows: number;
  /** Rows that there are. */
  readonly of: number;
  /** For a sample: how likely it finds a fault that one row of 10,000 has. 1 when all rows were compared. */
  readonly confidence: number;
}

/** What a copy did not touch. */
export interface LeftOut {
  /** Tables of either side that were not copied, and why. */
  readonly tables: Readonly<Record<string, string>>;
  /** Columns that only the target has, and that nothing fills: NULL in every row that was copied. */
  readonly staysNull: readonly string[];
  /** Those of other roles in the target: they show what they held before, until their owner refreshes them. */
  readonly materializedViews: readonly string[];
}

/** What a person should know of a copy, though it is as it should be. */
export interface Notes {
  /** Sequences that follow no column that anybody named: they stand where the app's schema left them. */
  readonly unsetSequences?: readonly string[];
  /** Rows of the target's that the source did not have, by table: seeds of the app's, mostly. They are replaced. */
  readonly replacedRows?: Readonly<Record<string, number>>;
  /** The folder in which everything that the app's tables held is kept. */
  readonly rescued?: string;
  /** What the copy did not touch. */
  readonly leftOut?: LeftOut;
  /** Texts without a zone that were read as UTC, in columns of timestamps with a zone. */
  readonly assumedUtc?: number;
  /** Tables of which the proof compared a random sample and not every row. */
  readonly sampled?: Readonly<Record<string, Proof>>;
}

/** What a finished copy leaves in the ledger. */
export interface Copied {
  readonly rows: number;
  /** Bytes sent to the server. */
  readonly bytes: number;
  readonly roundedFractions: number;
  /** Every declared rule, and to how many values it was applied. */
  readonly rules: readonly RuleUse[];
  readonly tables: Readonly<Record<string, TableRecord>>;
  readonly notes: Notes;
}

/** One row of the ledger. */
export interface Attempt {
  readonly attempt: number;
  readonly state: State;
  readonly service: string;
  readonly allocation: string | null;
  readonly fingerprint: string | null;
  /** Of a SQLite source, its log merged: see `contentOf`. */
  readonly content: string | null;
  readonly snapshot: string | null;
  readonly rows: number | null;
  readonly roundedFractions: number | null;
  /** Every declared rule, and to how many values it was applied. */
  readonly rules: readonly RuleUse[] | null;
  readonly tables: Readonly<Record<string, TableRecord>> | null;
  readonly notes: Notes | null;
  /** Scans and writes when `confirm` began to count. */
  readonly uses: TableUses | null;
  /** Writes when the copy was done; `null` when an end in between kept them from being recorded. */
  readonly writes: TableUses | null;
  readonly rescued: string | null;
  readonly started: Date;
  readonly copied: Date | null;
  readonly confirmed: Date | null;
  readonly rolledBack: Date | null;
  /** When the source was first seen to be another than the one that was copied, after the app was confirmed on the server. */
  readonly sourceChanged: Date | null;
  /** What the last rollback by a deployment did to the source, or was about to do. */
  readonly rollback: Rollback | null;
  /** The app's record of its schema migrations when the copy was done: see `migrationsOf`. */
  readonly migrations: Migrations | null;
}

/** A rollback by a deployment. Recorded before the source is touched. */
export interface Rollback {
  readonly kind: RollbackKind;
  /**
   * The contents, as `contentOf` has them, of all files that rollbacks of this attempt have put in the source's place, or were
   * about to: one that was killed has done so or not.
   */
  readonly contents: readonly string[];
  /** Of `copy-back`: the folder that keeps the files that were replaced. Else `null`. */
  readonly kept: string | null;
}

/** A digest of each table in which the app records its schema migrations, by the table's name. */
export type Migrations = Readonly<Record<string, string>>;

export const definition = `
  CREATE SCHEMA IF NOT EXISTS pgmoor;
  CREATE TABLE IF NOT EXISTS pgmoor.ledger (
    attempt           integer PRIMARY KEY,
    state             text NOT NULL,
    service           text NOT NULL,
    allocation        text,
    fingerprint       text,
    content           text,
    snapshot          text,
    rows              bigint,
    bytes             bigint,
    rounded_fractions bigint,
    rules             jsonb,
    tables            jsonb,
    notes             jsonb,
    uses              jsonb,
    writes            jsonb,
    rescued           text,
    started_at        timestamptz NOT NULL DEFAULT now(),
    copied_at         timestamptz,
    confirmed_at      timestamptz,
    rolled_back_at    timestamptz,
    source_changed_at timestamptz,
    rollback          jsonb,
    migrations        jsonb
  );
  ALTER TABLE pgmoor.ledger ADD COLUMN IF NOT EXISTS rules jsonb;
  ALTER TABLE pgmoor.ledger ADD COLUMN IF NOT EXISTS notes jsonb;
  ALTER TABLE pgmoor.ledger ADD COLUMN IF NOT EXISTS content text;
  ALTER TABLE pgmoor.ledger ADD COLUMN IF NOT EXISTS source_changed_at timestamptz;
  ALTER TABLE pgmoor.ledger ADD COLUMN IF NOT EXISTS rollback jsonb;
  ALTER TABLE pgmoor.ledger ADD COLUMN IF NOT EXISTS migrations jsonb;
  ALTER TABLE pgmoor.ledger DROP CONSTRAINT IF EXISTS ledger_state_check, ADD CONSTRAINT ledger_state_check
    CHECK (state IN ('started', 'copied', 'confirmed', 'rolling-back', 'rolled-back'));
  COMMENT ON TABLE pgmoor.ledger IS 'Attempts to move this service here, and what came of them. A last attempt that is copied and not confirmed is copied again by the next attempt, unless the source is unchanged and the tables differ from what "tables" records: then the server has more rows than the source, and they are kept';
  GRANT USAGE ON SCHEMA pgmoor TO ${monitors};
  GRANT SELECT ON pgmoor.ledger TO ${monitors};
`;

/** All attempts, the first one first; none in a database without a ledger. */
export async function attempts(client: ClientBase): Promise<Attempt[]> {
  const found = await client.query<{ there: boolean }>(
    "SELECT to_regclass('pgmoor.ledger') IS NOT NULL AS there",
  );
  if (!found.rows[0]?.there) return [];
  const result = await client.query<Attempt>(`
    SELECT attempt, state, service, allocation, fingerprint, to_jsonb(ledger) ->> 'content' AS content, snapshot, rows::float8 AS rows,
           rounded_fractions::float8 AS "roundedFractions", to_jsonb(ledger) -> 'rules' AS rules, tables,
           to_jsonb(ledger) -> 'notes' AS notes, uses, writes, rescued,
           started_at AS started, copied_at AS copied, confirmed_at AS confirmed, rolled_back_at AS "rolledBack",
           (to_jsonb(ledger) ->> 'source_changed_at')::timestamptz AS "sourceChanged",
           to_jsonb(ledger) -> 'rollback' AS rollback, to_jsonb(ledger) -> 'migrations' AS migrations
    FROM pgmoor.ledger ORDER BY attempt`);
  return result.rows;
}

/** The last attempt, which alone counts. */
export async function lastAttempt(client: ClientBase): Promise<Attempt | undefined> {
  return (await attempts(client)).at(-1);
}

/**
 * As `lastAttempt`.
 * @throws Refused when the database is another service's.
 */
export async function lastAttemptOf(client: ClientBase, service: string): Promise<Attempt | undefined> {
  const last = await lastAttempt(client);
  if (last !== undefined && last.service !== service)
    throw new Refused(
      `the ledger of this database belongs to the service "${last.service}", not to "${service}"`,
    );
  return last;
}

/** Makes the ledger if there is none, and writes `started`; the attempt before is closed. Touches no table of the app's. */
export async function begin(
  client: ClientBase,
  attempt: { number: number; service: string; allocation: string | undefined },
): Promise<void> {
  try {
    await inTransaction(client, async () => {
      await client.query(definition);
      await client.query(unmark);
      await client.query(
        "UPDATE pgmoor.ledger SET state = 'rolled-back', rolled_back_at = now() WHERE state IN ('copied', 'rolling-back')",
      );
      await client.query(
        "INSERT INTO pgmoor.ledger (attempt, state, service, allocation) VALUES ($1, 'started', $2, $3)",
        [attempt.number, attempt.service, attempt.allocation ?? null],
      );
    });
  } catch (error) {
    if ((error as { code?: string }).code === "42501") {
      throw new Refused(
        "permission denied: the role cannot create the schema pgmoor. It must own the database",
      );
    }
    throw error;
  }
}

/** Records where the attempt's snapshot is and what the source was. */
export async function recordSnapshot(
  client: ClientBase,
  attempt: number,
  snapshot: { folder: string; fingerprint: string },
): Promise<void> {
  await client.query("UPDATE pgmoor.ledger SET snapshot = $2, fingerprint = $3 WHERE attempt = $1", [
    attempt,
    snapshot.folder,
    snapshot.fingerprint,
  ]);
}

/** Records what tells the source's content from another one. */
export async function recordContent(client: ClientBase, attempt: number, content: string): Promise<void> {
  await client.query("UPDATE pgmoor.ledger SET content = $2 WHERE attempt = $1", [attempt, content]);
}

/** Writes `copied`, and where the rows of the attempt before are kept; belongs into the transaction of the copy. */
export async function recordCopied(client: ClientBase, attempt: number, copied: Copied): Promise<void> {
  if (copied.notes.rescued !== undefined)
    await client.query("UPDATE pgmoor.ledger SET rescued = $1 WHERE attempt = $2", [
      copied.notes.rescued,
      attempt - 1,
    ]);
  await client.query(
    `UPDATE pgmoor.ledger SET state = 'copied', copied_at = now(), rows = $2, bytes = $3, rounded_fractions = $4,
     tables = $5, rules = $6, notes = $7 WHERE attempt = $1`,
    [
      attempt,
      copied.rows,
      copied.bytes,
      copied.roundedFractions,
      JSON.stringify(copied.tables),
      JSON.stringify(copied.rules),
      JSON.stringify(copied.notes),
    ],
  );
}

/** Records how often the tables had been used when the copy was done: what `confirm` measures from. */
export async function recordUses(
  client: ClientBase,
  attempt: number,
  { uses, writes }: { uses: TableUses; writes: TableUses },
): Promise<void> {
  await client.query("UPDATE pgmoor.ledger SET uses = $2, writes = $3 WHERE attempt = $1", [
    attempt,
    JSON.stringify(uses),
    JSON.stringify(writes),
  ]);
}

/**
 * Hands a copy that was never confirmed to this allocation, whose app has to use it anew. `writes` stays: the next try has to
 * see what was written since the copy.
 */
export async function recordKept(
  client: ClientBase,
  attempt: number,
  allocation: string | undefined,
  uses: TableUses,
): Promise<void> {
  await client.query("UPDATE pgmoor.ledger SET allocation = $2, uses = $3 WHERE attempt = $1", [
    attempt,
    allocation ?? null,
    JSON.stringify(uses),
  ]);
}

/**
 * The ledger's state, for those who read the names of tables and no rows: Terraform's provider. There while the last attempt
 * is confirmed, or is being rolled back and the app has not yet answered on its source. Everyone may see that it is there, so
 * that the admin does, who need not be a superuser.
 */
export const mark = `
  CREATE TABLE IF NOT EXISTS pgmoor.${confirmedTable} ();
  GRANT SELECT ON pgmoor.${confirmedTable} TO PUBLIC;
  COMMENT ON TABLE pgmoor.${confirmedTable} IS 'Empty. It is here while the last attempt of pgmoor.ledger is confirmed or rolling-back: plans look whether it is.';
`;
export const unmark = `DROP TABLE IF EXISTS pgmoor.${confirmedTable}`;

/** Writes `confirmed`, if the attempt still is `copied`. */
export async function recordConfirmed(client: ClientBase, attempt: number): Promise<void> {
  await inTransaction(client, async () => {
    await change(client, attempt, "copied", "state = 'confirmed', confirmed_at = now()");
    await client.query(mark);
  });
}

/** For a ledger that says `confirmed` since a release that did not mark it. */
export async function markConfirmed(client: ClientBase): Promise<void> {
  await inTransaction(client, () => client.query(mark));
}

/** Records of a confirmed attempt whether its source is another by now. */
export async function recordSource(client: ClientBase, attempt: number, changed: boolean): Promise<void> {
  await inTransaction(client, async () => {
    await client.query(definition);
    await client.query(
      `UPDATE pgmoor.ledger SET source_changed_at = CASE WHEN $2 THEN coalesce(source_changed_at, now()) END
        WHERE attempt = $1`,
      [attempt, changed],
    );
  });
}

/**
 * Marks the last attempt `rolled-back` by hand, so that the next cutover copies anew.
 * @throws Refused when the last attempt is `started` or `rolled-back`: those are copied anew by themselves.
 */
export async function rollBack(client: ClientBase): Promise<Attempt> {
  const last = await lastAttempt(client);
  if (last?.state !== "confirmed" && last?.state !== "copied" && last?.state !== "rolling-back") {
    throw new Refused(
      last === undefined
        ? "this database has no ledger: there is nothing to roll back"
        : `the last attempt (${last.attempt}) is "${last.state}", not "copied" or "confirmed": the next cutover copies again anyway`,
    );
  }
  await inTransaction(client, async () => {
    await client.query(
      "UPDATE pgmoor.ledger SET state = 'rolled-back', rolled_back_at = now() WHERE attempt = $1 AND state = $2",
      [last.attempt, last.state],
    );
    await client.query(unmark);
  });
  return last;
}

/** @throws Failed when the attempt is not in that state (any more). */
export async function change(
  client: ClientBase,
  attempt: number,
  from: State,
  set: string,
  ...values: readonly unknown[]
): Promise<void> {
  const sql = `UPDATE pgmoor.ledger SET ${set} WHERE attempt = $1 AND state = $2`;
  const { rowCount } = await client.query(sql, [attempt, from, ...values]);
  if (rowCount !== 1)
    throw new Failed(`attempt ${attempt} is no longer "${from}": another migrator has changed the ledger`);
}

export async function inTransaction(client: ClientBase, work: () => Promise<unknown>): Promise<void> {
  await client.query("BEGIN");
  try {
    await work();
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}
