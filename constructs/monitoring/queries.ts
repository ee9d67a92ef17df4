/**
 * What postgres_exporter asks besides its own queries. It calls a column `c` of the query `q` the metric `q_c`. Every release
 * of it reads this file, whose names do not change with PostgreSQL's version.
 *
 * No metric has the text of a statement: PostgreSQL keeps `ALTER ROLE … PASSWORD '…'` as it was typed.
 */

interface Column {
  readonly usage: "LABEL" | "GAUGE" | "COUNTER";
  readonly description: string;
}

export interface Query {
  readonly query: string;
  /** Only in the database of the facts. Otherwise in every database. */
  readonly master?: true;
  readonly metrics: readonly Readonly<Record<string, Column>>[];
}

const label = (name: string, description: string) => ({ [name]: { usage: "LABEL", description } as const });
const gauge = (name: string, description: string) => ({ [name]: { usage: "GAUGE", description } as const });
const counter = (name: string, description: string) => ({
  [name]: { usage: "COUNTER", description } as const,
});

/** Seconds since 1970, as Prometheus has times. */
const epoch = (column: string) => `extract(epoch FROM ${column})::float8`;
const service = label("service", "The service");

/** What the task `facts` has written (`migrator/monitoring`). */
const facts: Readonly<Record<string, Query>> = {
  pgmoor_facts: {
    master: true,
    query: `SELECT ${epoch("asked")} AS asked_timestamp_seconds, unknown FROM public.server`,
    metrics: [
      gauge("asked_timestamp_seconds", "When pgmoor last looked at the services and the server"),
      gauge("unknown", "How many things it could not tell; the log of the task `facts` says why"),
    ],
  },
  pgmoor_service: {
    master: true,
    query:
      "SELECT service, database, declared AS phase, coalesce(deployed, 'none') AS deployed, up::int AS up FROM public.services WHERE up IS NOT NULL",
    metrics: [
      service,
      label("database", "Its database"),
      label("phase", "Its phase in the environment"),
      label("deployed", "The phase in which its job was deployed"),
      gauge("up", "Whether its job runs and its health check passes"),
    ],
  },
  pgmoor_ledger: {
    master: true,
    query:
      "SELECT service, state, attempt, rows::float8 AS rows FROM public.services WHERE state IS NOT NULL",
    metrics: [
      service,
      label("state", "State of the last attempt to move it"),
      gauge("attempt", "Number of the last attempt to move it"),
      gauge("rows", "Rows that the last attempt copied"),
    ],
  },
  pgmoor_move: {
    master: true,
    query: `SELECT service, declared AS phase, ${epoch("confirmed")} AS confirmed_timestamp_seconds FROM public.services WHERE confirmed IS NOT NULL`,
    metrics: [
      service,
      label("phase", "Its phase in the environment"),
      gauge("confirmed_timestamp_seconds", "When the service was seen to use the server"),
    ],
  },
  pgmoor_password: {
    master: true,
    query: `SELECT service, ${epoch("password_changed")} AS changed_timestamp_seconds FROM public.services WHERE password_changed IS NOT NULL`,
    metrics: [service, gauge("changed_timestamp_seconds", "When its password was made")],
  },
  pgmoor_backup: {
    master: true,
    query: `SELECT service, database, ${epoch("coalesce(backup_made, services.first_seen)")} AS newest_timestamp_seconds, ${epoch("coalesce(backup_proved, services.first_seen)")} AS proved_timestamp_seconds FROM public.services CROSS JOIN public.server WHERE backups AND has_database`,
    metrics: [
      service,
      label("database", "Its database"),
      gauge(
        "newest_timestamp_seconds",
        "When its newest backup was made; without one: when the database was first seen",
      ),
      gauge(
        "proved_timestamp_seconds",
        "When a backup of it was last restored for a test; without one: when the database was first seen",
      ),
    ],
  },
  pgmoor_backups: {
    master: true,
    query: `SELECT backup_failed::int AS failed, test_failed::int AS test_failed, wal_trouble::int AS wal_trouble, ${epoch("coalesce(wal_stored, first_seen)")} AS wal_stored_timestamp_seconds FROM public.server WHERE backups`,
    metrics: [
      gauge("failed", "Whether the last backup failed"),
      gauge("test_failed", "Whether the last restore test failed"),
      gauge("wal_trouble", "Whether the WAL could not be stored the last time"),
      gauge("wal_stored_timestamp_seconds", "When the WAL was last stored in the repository"),
    ],
  },
  pgmoor_certificate: {
    master: true,
    query: `SELECT ${epoch("certificate_ends")} AS ends_timestamp_seconds FROM public.server WHERE certificate_ends IS NOT NULL`,
    metrics: [gauge("ends_timestamp_seconds", "When the server's certificate ends")],
  },
  pgmoor_disk: {
    master: true,
    query:
      "SELECT disk_bytes AS bytes, disk_free AS free_bytes FROM public.server WHERE disk_bytes IS NOT NULL",
    metrics: [
      gauge("bytes", "Size of the file system with the server's data"),
      gauge("free_bytes", "What is free of it"),
    ],
  },
};

/** What PostgreSQL has of the whole server. */
const server: Readonly<Record<string, Query>> = {
  pgmoor_database: {
    master: true,
    query:
      "SELECT datname, pg_database_size(oid)::float8 AS size_bytes, age(datfrozenxid)::float8 AS transaction_age FROM pg_database WHERE datallowconn",
    metrics: [
      label("datname", "The database"),
      gauge("size_bytes", "Its size"),
      gauge("transaction_age", "Transactions since its oldest row was frozen; at 2 billion PostgreSQL stops"),
    ],
  },
  pgmoor_role: {
    master: true,
    query:
      "SELECT r.rolname AS role, count(a.pid)::float8 AS connections, CASE WHEN r.rolconnlimit < 0 THEN current_setting('max_connections')::float8 ELSE r.rolconnlimit END AS connection_limit FROM pg_roles r LEFT JOIN pg_stat_activity a ON a.usesysid = r.oid AND a.backend_type = 'client backend' WHERE r.rolcanlogin GROUP BY r.rolname, r.rolconnlimit",
    metrics: [
      label("role", "The role"),
      gauge("connections", "Its sessions"),
      gauge("connection_limit", "The most that it may have"),
    ],
  },
  pgmoor_transaction: {
    master: true,
    // A backup is one long transaction, and is meant to be.
    query:
      "SELECT r.rolname AS role, coalesce(max(extract(epoch FROM now() - a.xact_start)), 0)::float8 AS oldest_seconds FROM pg_roles r LEFT JOIN pg_stat_activity a ON a.usesysid = r.oid AND a.backend_type = 'client backend' AND a.application_name NOT IN ('pg_dump', 'pgmoor', 'pg_basebackup') WHERE r.rolcanlogin GROUP BY r.rolname",
    metrics: [label("role", "The role"), gauge("oldest_seconds", "Age of its oldest open transaction")],
  },
  pgmoor_locks: {
    master: true,
    query:
      "SELECT datname, count(*) FILTER (WHERE wait_event_type = 'Lock')::float8 AS waiting FROM pg_stat_activity WHERE datname IS NOT NULL GROUP BY datname",
    metrics: [label("datname", "The database"), gauge("waiting", "Sessions that wait for a lock")],
  },
  pgmoor_archiver: {
    master: true,
    query:
      "SELECT (current_setting('archive_mode') <> 'off' AND last_failed_time IS NOT NULL AND last_failed_time > coalesce(last_archived_time, '-infinity'))::int AS failing FROM pg_stat_archiver",
    metrics: [gauge("failing", "Whether archive_command failed the last time")],
  },
  pgmoor_slot: {
    master: true,
    query:
      "SELECT slot_name, active::int AS active, coalesce(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, restart_lsn), 0)::float8 AS retained_bytes FROM pg_replication_slots",
    metrics: [
      label("slot_name", "The replication slot"),
      gauge("active", "Whether somebody reads it"),
      gauge("retained_bytes", "WAL that the server keeps for it"),
    ],
  },
  pgmoor_standby: {
    master: true,
    query:
      "SELECT application_name, coalesce(client_addr::text, 'local') AS client, coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), coalesce(replay_lsn, flush_lsn)), 0)::float8 AS lag_bytes FROM pg_stat_replication WHERE NOT pg_is_in_recovery()",
    metrics: [
      label("application_name", "Who receives the WAL"),
      label("client", "Its address"),
      gauge("lag_bytes", "WAL that it has not yet replayed, or written"),
    ],
  },
};

/** The twenty statements that took the most time. */
const statements: Readonly<Record<string, Query>> = {
  pgmoor_statement: {
    master: true,
    query:
      "SELECT d.datname, r.rolname AS role, s.queryid::text AS queryid, s.calls::float8 AS calls_total, s.total_exec_time / 1000 AS seconds_total, s.rows::float8 AS rows_total FROM public.pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid JOIN pg_roles r ON r.oid = s.userid WHERE s.queryid IS NOT NULL AND s.toplevel ORDER BY s.total_exec_time DESC LIMIT 20",
    metrics: [
      label("datname", "The database"),
      label("role", "The role"),
      label("queryid", "PostgreSQL's number of the statement"),
      counter("calls_total", "How often it ran"),
      counter("seconds_total", "How long it ran in all"),
      counter("rows_total", "Rows that it read or changed"),
    ],
  },
};

/** In every database. Sizes are those of the last VACUUM or ANALYZE: pg_total_relation_size would wait for locks. */
const inside: Readonly<Record<string, Query>> = {
  pgmoor_table: {
    query:
      "SELECT current_database() AS datname, s.schemaname, s.relname, (c.relpages + coalesce(t.relpages, 0) + (SELECT coalesce(sum(i.relpages), 0) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid IN (c.oid, t.oid)))::float8 * current_setting('block_size')::int AS size_bytes, s.n_live_tup::float8 AS live_rows, s.n_dead_tup::float8 AS dead_rows, CASE WHEN s.n_dead_tup > 1000 THEN s.n_dead_tup / (current_setting('autovacuum_vacuum_threshold')::float8 + current_setting('autovacuum_vacuum_scale_factor')::float8 * greatest(c.reltuples, 0)) ELSE 0 END::float8 AS vacuum_due FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid LEFT JOIN pg_class t ON t.oid = c.reltoastrelid ORDER BY s.n_dead_tup > 1000 DESC, c.relpages DESC LIMIT 20",
    metrics: [
      label("datname", "The database"),
      label("schemaname", "The schema"),
      label("relname", "The table"),
      gauge("size_bytes", "Its size with indexes and TOAST, as of the last VACUUM or ANALYZE"),
      gauge("live_rows", "Its rows, as PostgreSQL estimates them"),
      gauge("dead_rows", "Rows that wait for VACUUM"),
      gauge("vacuum_due", "Dead rows as a share of those at which autovacuum begins; above 1 it is due"),
    ],
  },
};

/** @param withStatements whether the server preloads pg_stat_statements */
export function exporterQueries(withStatements: boolean): Readonly<Record<string, Query>> {
  return { ...facts, ...server, ...(withStatements ? statements : {}), ...inside };
}
