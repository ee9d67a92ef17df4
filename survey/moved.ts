/** Asks a service's database, as its role, what a rollback would leave behind or bring back. */
import type { Client } from "pg";
import type { Definition } from "../services/job-definition";
import { migrationTableNames } from "../services/rules";
import { lastAttempt } from "../migrator/ledger/ledger";
import { migrationsOf, upgradedSince } from "../migrator/ledger/rollback";
import { targetTables } from "../migrator/server/target";

/** A service whose move is confirmed. */
export interface Moved {
  /** Rows that its move copied. */
  readonly copied: number;
  /** Rows that the server has of it now; undefined when they could not be counted in time. */
  readonly rows: number | undefined;
  /** Tables that say that the app was upgraded on the server since. */
  readonly upgraded: readonly string[];
}

/** Counting the rows of all tables may take no longer. */
const countMilliseconds = 3_000;

/** @returns undefined when its ledger does not say that a move is confirmed */
export async function movedOf(client: Client, { source }: Definition): Promise<Moved | undefined> {
  const last = await lastAttempt(client);
  if (last?.state !== "confirmed" || source === undefined) return undefined;
  const upgraded =
    source.kind === "sqlite"
      ? upgradedSince(last.migrations, await migrationsOf(client, source.migrationTables))
      : [];
  const records = source.kind === "sqlite" ? migrationTableNames(source.migrationTables) : [];
  const tables = await targetTables(client, source.kind === "sqlite" ? "named" : "owned");
  const counted = tables.filter(({ name }) => !records.includes(name)).map(({ ownRows }) => ownRows);
  return { copied: last.rows ?? 0, rows: await countOf(client, counted), upgraded };
}

async function countOf(client: Client, tables: readonly string[]): Promise<number | undefined> {
  const counts = tables.map((table) => `(SELECT count(*) FROM ${table})`);
  try {
    await client.query(`SET statement_timeout = ${countMilliseconds}`);
    const found = await client.query<{ rows: number }>(
      `SELECT (${["0", ...counts].join(" + ")})::float8 AS rows`,
    );
    return found.rows[0]?.rows;
  } catch {
    return undefined;
  }
}
