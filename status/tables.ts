/** What a service's own role can tell of its database: its tables, and its ledger. */
import type { Client } from "pg";
import type { Environment } from "../environments/model/environment";
import { messageOf } from "../migrator/base/errors";
import { summarize } from "../migrator/ledger/summary";
import { cutOff, endSession } from "../migrator/server/connection";
import { connectAs, isWrongPassword, type Place } from "../survey/server";
import type { Secret } from "../survey/vault";
import type { Asked, LedgerStatus, TablesStatus } from "./report";

export interface Inside {
  readonly tables: Asked<TablesStatus>;
  readonly ledger: Asked<LedgerStatus>;
  /** Whether the role takes the password; `null` when nobody could tell. */
  readonly works: boolean | null;
}

/** Nobody could look, and why. */
export function unseen(why: string, works: boolean | null = null): Inside {
  return { tables: { unknown: why }, ledger: { unknown: why }, works };
}

/** Takes no lock. */
const countsSql = `
  SELECT count(*)::int AS tables, coalesce(sum(n_live_tup), 0)::float8 AS rows, coalesce(sum(n_dead_tup), 0)::float8 AS "deadRows"
    FROM pg_stat_user_tables WHERE schemaname <> 'pgmoor'`;

/** Waits for whoever has a table locked against reading: a copy that makes indexes, VACUUM FULL. */
const largestSql = `
  SELECT CASE schemaname WHEN 'public' THEN '' ELSE schemaname || '.' END || relname AS "table", bytes
    FROM pg_stat_user_tables, LATERAL (SELECT pg_total_relation_size(relid)::float8 AS bytes) AS size
   WHERE schemaname <> 'pgmoor' AND bytes IS NOT NULL
   ORDER BY bytes DESC, 1 LIMIT 10`;

const limits =
  "SET lock_timeout = '1s'; SET statement_timeout = '10s'; SET default_transaction_read_only = on";

/** All of it. A database may undo the limits above while it is looked at. */
const allMilliseconds = 15_000;

/** As the service's role: what its database does to those who look into it, it may do anyway. */
export async function lookInside(
  environment: Environment,
  place: Place,
  name: string,
  { presence, data }: Secret,
): Promise<Inside> {
  if (presence !== "present" || typeof data.password !== "string")
    return unseen("Vault has no password for the role");
  let client: Client;
  try {
    client = await connectAs(environment, place, name, data.password, name);
  } catch (error) {
    return unseen(messageOf(error), isWrongPassword(error) ? false : null);
  }
  const patience = setTimeout(() => cutOff(client), allMilliseconds);
  try {
    await client.query(limits);
    return { tables: await tablesOf(client), ledger: await ledgerOf(client), works: true };
  } catch (error) {
    return unseen(messageOf(error), true);
  } finally {
    clearTimeout(patience);
    await endSession(client);
  }
}

async function tablesOf(client: Client): Promise<TablesStatus> {
  const counts = await client.query<Omit<TablesStatus, "largest">>(countsSql);
  return { ...counts.rows[0]!, largest: await largestOf(client) };
}

async function largestOf(client: Client): Promise<TablesStatus["largest"]> {
  try {
    return (await client.query<NonNullable<TablesStatus["largest"]>[number]>(largestSql)).rows;
  } catch (error) {
    // lock_not_available
    if ((error as { code?: string }).code === "55P03") return null;
    throw error;
  }
}

async function ledgerOf(client: Client): Promise<LedgerStatus | null> {
  const found = await summarize(client);
  if (found === undefined) return null;
  const { confirmed, sourceChanged, ...last } = found;
  return {
    ...last,
    confirmed: confirmed?.toISOString() ?? null,
    sourceChanged: sourceChanged?.toISOString() ?? null,
  };
}
