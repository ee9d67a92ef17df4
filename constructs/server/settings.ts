/** The settings of the central PostgreSQL, from the memory that its job has. */
import type { Size } from "../../nomad/size";

export interface Sizing {
  readonly memory: Size;
  readonly maxConnections: number;
}

/** A quarter of the memory: https://www.postgresql.org/docs/16/runtime-config-resource.html#GUC-SHARED-BUFFERS */
const sharedBuffers = (memory: number) => Math.floor(memory / 4);

/**
 * What one sort or hash may take. A query may use several, and every connection may run one: a third of what the shared
 * buffers leave, divided among all connections. Never below PostgreSQL's own default, 4 MB.
 */
function workMemory(memory: number, connections: number): number {
  return Math.max(4, Math.floor((memory - sharedBuffers(memory)) / (3 * connections)));
}

/** What follows from the memory, in mebibytes, and what every server of ours has. */
export function computedSettings({ memory: { mebibytes }, maxConnections }: Sizing): Record<string, string> {
  return {
    max_connections: String(maxConnections),
    shared_buffers: `${sharedBuffers(mebibytes)}MB`,
    effective_cache_size: `${Math.floor((mebibytes * 3) / 4)}MB`,
    work_mem: `${workMemory(mebibytes, maxConnections)}MB`,
    maintenance_work_mem: `${Math.min(2048, Math.max(64, Math.floor(mebibytes / 16)))}MB`,
    max_wal_size: mebibytes >= 4096 ? "4GB" : "1GB",
    ...fixedSettings,
  };
}

const fixedSettings = {
  listen_addresses: "*",
  password_encryption: "scram-sha-256",
  wal_level: "replica",
  wal_compression: "on",
  // A backup that streams WAL needs a little of it to be still there.
  wal_keep_size: "256MB",
  // A slot whose reader is gone must not fill the disk: beyond this, PostgreSQL gives the slot up, and pgmoor-wal says so.
  max_slot_wal_keep_size: "4GB",
  "pg_stat_statements.track": "top",
  track_io_timing: "on",
  // Tables of a homelab are small, and a tenth of one that is dead is worth a vacuum.
  autovacuum_vacuum_scale_factor: "0.1",
  autovacuum_analyze_scale_factor: "0.05",
  log_autovacuum_min_duration: "1min",
  log_checkpoints: "on",
  log_lock_waits: "on",
  log_temp_files: "10MB",
  log_min_duration_statement: "2s",
  log_line_prefix: "%m [%p] %q%u@%d ",
} as const;

/** The libraries to preload: those of the image's extensions, and the one that counts statements. */
export function preloadSetting(preload: readonly string[]): string {
  return [...new Set([...preload, "pg_stat_statements"])].join(",");
}
