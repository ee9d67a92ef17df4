import type { ClientBase } from "pg";
import type { Deadline } from "../base/deadline";
import { Failed } from "../base/errors";
import type { TableUses } from "./ledger";

const scansOf = {
  uses: "coalesce(seq_scan, 0) + coalesce(idx_scan, 0) +",
  lasting: "coalesce(seq_scan, 0) +",
  writes: "",
};

/**
 * How often the app's tables have been used, as PostgreSQL counts it; partitions count for the table they are part of. The
 * app's record of its migrations is one of them: an app that looks there uses this database.
 * @param kind `uses` are scans and writes, `writes` only these. `lasting` are writes and sequential scans: an index that is
 * dropped takes its scans out of its table's count, so a count with them can go down during a copy.
 */
export async function countUses(client: ClientBase, kind: keyof typeof scansOf = "uses"): Promise<TableUses> {
  const scans = scansOf[kind];
  const result = await client.query<{ name: string; uses: number }>(`
    SELECT n.nspname || '.' || c.relname AS name, sum(${scans} n_tup_ins + n_tup_upd + n_tup_del)::float8 AS uses
    FROM pg_stat_user_tables s
    JOIN pg_class c ON c.oid = coalesce(pg_partition_root(s.relid), s.relid)
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE s.schemaname = ANY (current_schemas(false)) AND s.schemaname <> 'pgmoor'
    GROUP BY 1`);
  return Object.fromEntries(result.rows.map(({ name, uses }) => [name, uses]));
}

/** Tables used since. A count below the recorded one means that the server has begun to count anew. */
export function usedSince(before: TableUses, now: TableUses): string[] {
  return Object.entries(now)
    .filter(([name, uses]) => {
      const recorded = before[name] ?? 0;
      return uses < recorded ? uses > 0 : uses > recorded;
    })
    .map(([name]) => name)
    .sort();
}

/**
 * The counts once our own copy is in them: sessions report what they did a little later, at the latest when they end. The
 * session that copied has to be closed before.
 * @param least of each table, by schema and name: the lasting count that shows the copy.
 */
export async function usesAfterCopy(
  client: ClientBase,
  least: ReadonlyMap<string, number>,
  deadline: Deadline,
): Promise<TableUses> {
  return deadline.within(15).until(
    async () => {
      const now = await countUses(client, "lasting");
      // A table that no plain name reaches is not counted.
      const shown = [...least].every(([name, count]) => (now[name] ?? Infinity) >= count);
      return shown ? countUses(client) : undefined;
    },
    () => "the server's statistics do not show the copy. Check that track_counts is on",
  );
}

/** @throws Failed when the server does not count, so that `confirm` could never see the app at work. */
export async function requireCounters(client: ClientBase): Promise<void> {
  const result = await client.query<{ track_counts: string }>("SHOW track_counts");
  if (result.rows[0]?.track_counts !== "on") {
    throw new Failed(
      "track_counts is off for this server, database or role. pgmoor needs it to see that the app uses its tables",
    );
  }
}
