/** What a service's own role finds in its database. Estimates: those of PostgreSQL's statistics. */
import type { ClientBase } from "pg";
import type { Finding } from "./findings";

/** Smaller ones cost nothing worth a thought. */
const leastIndexBytes = 1024 * 1024;
const leastBloatBytes = 10 * 1024 * 1024;
const leastRows = 10_000;

interface Look {
  readonly kind: Finding["kind"];
  /** Columns `of`, `what` and `advice`. */
  readonly sql: string;
  readonly values?: readonly unknown[];
}

/** Not of pgmoor's ledger, nor of extensions. */
const own = "n.nspname NOT IN ('pgmoor', 'pg_catalog', 'information_schema') AND n.nspname !~ '^pg_'";

const indexes = `
  FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
  JOIN pg_namespace n ON n.oid = i.relnamespace
  JOIN pg_stat_user_indexes s ON s.indexrelid = x.indexrelid
 WHERE ${own}`;

const looks: readonly Look[] = [
  {
    kind: "unused-index",
    // Statistics that are younger than 30 days may have missed a job that runs once a month.
    sql: `
      SELECT format('%I.%I', n.nspname, i.relname) AS of,
             format('never used since %s, %s', coalesce(to_char(d.since, 'YYYY-MM-DD'), 'the server was made'), pg_size_pretty(i.relpages::bigint * 8192)) AS what,
             CASE WHEN d.since > now() - interval '30 days'
                  THEN 'Look again when the statistics are 30 days old: a job may run once a month'
                  ELSE format('DROP INDEX CONCURRENTLY %I.%I; if the app makes it again, leave it', n.nspname, i.relname) END AS advice
        ${indexes.replace(" WHERE", " CROSS JOIN (SELECT stats_reset AS since FROM pg_stat_database WHERE datname = current_database()) d WHERE")}
         AND s.idx_scan = 0 AND NOT x.indisunique AND NOT x.indisreplident AND i.relpages::bigint * 8192 >= $1
         AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid)
       ORDER BY i.relpages DESC LIMIT 20`,
    values: [leastIndexBytes],
  },
  {
    kind: "duplicate-index",
    sql: `
      SELECT format('%I.%I', n.nspname, i.relname) AS of,
             format('the same columns as %I, %s', (SELECT min(relname) FROM pg_class WHERE oid = o.indexrelid), pg_size_pretty(i.relpages::bigint * 8192)) AS what,
             format('DROP INDEX CONCURRENTLY %I.%I; if the app makes it again, leave it', n.nspname, i.relname) AS advice
        ${indexes.replace(
          " WHERE",
          ` JOIN LATERAL (SELECT o.indexrelid FROM pg_index o
              WHERE o.indrelid = x.indrelid AND o.indexrelid <> x.indexrelid AND o.indkey = x.indkey AND o.indclass = x.indclass
                AND o.indcollation = x.indcollation AND o.indoption = x.indoption
                AND pg_get_expr(o.indexprs, o.indrelid) IS NOT DISTINCT FROM pg_get_expr(x.indexprs, x.indrelid)
                AND pg_get_expr(o.indpred, o.indrelid) IS NOT DISTINCT FROM pg_get_expr(x.indpred, x.indrelid)
                AND (o.indisunique OR o.indexrelid < x.indexrelid) LIMIT 1) o ON true WHERE`,
        )}
         AND NOT x.indisunique ORDER BY i.relpages DESC LIMIT 20`,
  },
  {
    kind: "missing-index",
    sql: `
      SELECT format('%I.%I', schemaname, relname) AS of,
             format('%s of %s reads went through the whole table, %s rows at a time', seq_scan, seq_scan + coalesce(idx_scan, 0), round(seq_tup_read / seq_scan)) AS what,
             'Look for it in the statements above; EXPLAIN (ANALYZE) shows a Seq Scan and the columns to index' AS advice
        FROM pg_stat_user_tables
       WHERE schemaname <> 'pgmoor' AND seq_scan > 100 AND seq_scan > coalesce(idx_scan, 0) AND n_live_tup >= $1
         AND seq_tup_read / seq_scan > $1 / 2
       ORDER BY seq_tup_read DESC LIMIT 20`,
    values: [leastRows],
  },
  {
    kind: "foreign-key-without-index",
    sql: `
      SELECT format('%I.%I', n.nspname, c.relname) AS of,
             format('the foreign key %I has no index: each DELETE in %s reads the whole table', k.conname, k.confrelid::regclass) AS what,
             format('CREATE INDEX CONCURRENTLY ON %I.%I (%s)', n.nspname, c.relname,
                    (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY at) FROM unnest(k.conkey) WITH ORDINALITY AS key (number, at)
                       JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = key.number)) AS advice
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE k.contype = 'f' AND ${own} AND c.reltuples >= $1
         AND NOT EXISTS (SELECT FROM pg_index x WHERE x.indrelid = k.conrelid AND x.indpred IS NULL
                          AND (x.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)
       ORDER BY c.reltuples DESC LIMIT 20`,
    values: [leastRows],
  },
  {
    kind: "bloat",
    // Rows take their columns' average widths, 28 bytes of headers, and a page has 8168 bytes for them.
    sql: `
      SELECT of, format('about %s of %s are free space inside', pg_size_pretty((pages - needed) * 8192), pg_size_pretty(pages * 8192)) AS what,
             format('VACUUM FULL %s locks the table and needs room for a second one; pg_repack needs no lock. New rows fill the space anyway', of) AS advice
        FROM (SELECT format('%I.%I', n.nspname, c.relname) AS of, c.relpages::bigint AS pages,
                     ceil(c.reltuples * (28 + w.width) / 8168 * 100 / coalesce(substring(array_to_string(c.reloptions, ',') FROM 'fillfactor=(\\d+)')::int, 100))::bigint AS needed
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                JOIN LATERAL (SELECT sum((1 - null_frac) * avg_width) AS width FROM pg_stats p
                               WHERE p.schemaname = n.nspname AND p.tablename = c.relname AND NOT p.inherited) w ON w.width IS NOT NULL
               WHERE c.relkind = 'r' AND c.reltuples > 0 AND ${own}) t
       WHERE (pages - needed) * 8192 >= $1 AND needed < pages / 2 ORDER BY pages - needed DESC LIMIT 20`,
    values: [leastBloatBytes],
  },
  {
    kind: "vacuum",
    sql: `
      SELECT format('%I.%I', s.schemaname, s.relname) AS of,
             format('%s dead rows beside %s live ones, last vacuum %s', s.n_dead_tup, s.n_live_tup, coalesce(to_char(greatest(s.last_vacuum, s.last_autovacuum), 'YYYY-MM-DD HH24:MI'), 'never')) AS what,
             CASE WHEN array_to_string(c.reloptions, ',') ~ 'autovacuum_enabled=(false|off)'
                  THEN format('ALTER TABLE %I.%I RESET (autovacuum_enabled): autovacuum is off for it', s.schemaname, s.relname)
                  ELSE format('VACUUM (ANALYZE) %I.%I', s.schemaname, s.relname) END AS advice
        FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
       WHERE s.schemaname <> 'pgmoor' AND s.n_dead_tup > 1000 AND s.n_dead_tup > 0.2 * s.n_live_tup
       ORDER BY s.n_dead_tup DESC LIMIT 20`,
  },
  {
    kind: "analyze",
    sql: `
      SELECT format('%I.%I', schemaname, relname) AS of,
             format('%s rows, and never analyzed: the planner guesses', n_live_tup) AS what,
             format('ANALYZE %I.%I', schemaname, relname) AS advice
        FROM pg_stat_user_tables
       WHERE schemaname <> 'pgmoor' AND n_live_tup >= $1 AND last_analyze IS NULL AND last_autoanalyze IS NULL
       ORDER BY n_live_tup DESC LIMIT 20`,
    values: [leastRows],
  },
];

/** @param client of the service's own role, or of one that may read its statistics */
export async function findingsOf(client: ClientBase): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { kind, sql, values = [] } of looks) {
    const { rows } = await client.query<Omit<Finding, "kind">>(sql, [...values]);
    findings.push(...rows.map((row) => ({ kind, ...row })));
  }
  return findings;
}
