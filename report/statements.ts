/** The statements that took the most time, as pg_stat_statements counts them. */
import type { ClientBase } from "pg";
import type { Statement } from "./findings";

/**
 * Only statements whose values PostgreSQL replaces by `$1`: others, such as `ALTER ROLE … PASSWORD '…'`, it keeps as they were
 * typed. A text in quotes that is left in one is not shown either: PostgreSQL cannot always replace it.
 */
const sql = `
  SELECT d.datname AS database, s.queryid::text AS queryid,
         left(regexp_replace(regexp_replace(s.query, '''([^'']|'''')*''', '''…''', 'g'), '\\s+', ' ', 'g'), 300) AS query,
         s.calls::float8 AS calls, s.total_exec_time / 1000 AS seconds, s.mean_exec_time AS "meanMilliseconds",
         s.rows::float8 AS rows, s.total_exec_time / nullif(sum(s.total_exec_time) OVER (), 0) AS share
    FROM public.pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
   WHERE d.datname = ANY ($1) AND s.toplevel AND s.query ~* '^\\s*(SELECT|INSERT|UPDATE|DELETE|MERGE|WITH)\\M'
   ORDER BY s.total_exec_time DESC LIMIT 10`;

/** @param client of a member of `pg_monitor`, in a database that has the extension */
export async function statementsOf(client: ClientBase, databases: readonly string[]): Promise<Statement[]> {
  return (await client.query<Statement>(sql, [databases])).rows;
}
