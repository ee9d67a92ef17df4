/** What `pgmoor status` tells. Its `--json` prints this. */

/** Where an environment stands. */
export interface Status {
  readonly pgmoor: "status";
  readonly environment: string;
  /** When it was asked, ISO 8601, in UTC; as every time in here. */
  readonly asked: string;
  readonly servers: readonly ServerStatus[];
  /** All sessions on the server, and its `max_connections`. */
  readonly connections: Asked<Connections>;
  readonly services: readonly ServiceStatus[];
  /** Services in phase `retired`: they are out of our hands, and nothing is asked of them. */
  readonly retired: readonly string[];
}

/** What nobody could tell, and why. */
export interface Unknown {
  readonly unknown: string;
}

/** `null`: there is none. */
export type Asked<T> = T | Unknown | null;

/** Whether it could be told, and is there. */
export function isTold<T extends object>(asked: Asked<T>): asked is T {
  return asked !== null && !("unknown" in asked);
}

export interface ServerStatus {
  readonly server: "Nomad" | "Vault" | "Consul" | "PostgreSQL";
  /** Its address; `null` where nobody could find it. */
  readonly at: string | null;
  /** Why it could not be asked; `null`: it was. */
  readonly trouble: string | null;
}

export interface ServiceStatus {
  readonly service: string;
  /** `real`: of the job that Nomad has; `null` when there is none, or pgmoor has not deployed it. */
  readonly phase: { readonly declared: string; readonly real: string | null };
  /** Whether it runs, and Consul's health check passes; `null` when nobody could tell, or it was never deployed. */
  readonly up: boolean | null;
  readonly job: Asked<JobStatus>;
  readonly health: Asked<HealthStatus>;
  readonly database: Asked<DatabaseStatus>;
  readonly tables: Asked<TablesStatus>;
  /** `null`: no move was ever tried. */
  readonly ledger: Asked<LedgerStatus>;
  readonly password: Asked<PasswordStatus>;
  /** The newest; `null`: none, or the environment has no backups. */
  readonly backup: Asked<BackupStatus>;
  /** What to do next; empty: nothing. */
  readonly next: readonly Step[];
}

export interface JobStatus {
  /** The phase that the job was deployed in; `null`: by somebody else than pgmoor. */
  readonly phase: string | null;
  /** Nomad's: `running`, `pending`, `dead`. */
  readonly status: string;
  /** Whether somebody stopped it. */
  readonly stopped: boolean;
  readonly version: number;
  /** How many allocations run, and how many are to. */
  readonly running: number;
  readonly wanted: number;
  /** The newest; `null`: Nomad keeps none. */
  readonly deployment: { readonly status: string; readonly description: string } | null;
}

export interface HealthStatus {
  /** Consul's: `passing`, `warning`, `critical`. Of several instances, the best. */
  readonly status: string;
}

export interface Connections {
  readonly open: number;
  /** -1: none. */
  readonly limit: number;
}

export interface DatabaseStatus {
  readonly name: string;
  /** `null`: the admin may not know. */
  readonly bytes: number | null;
  /** Sessions of the role, and its limit; `null`: the role is gone. */
  readonly connections: Connections | null;
  /** Share of the blocks that were found in PostgreSQL's cache, 0 to 1; `null`: none was read yet. */
  readonly cacheHits: number | null;
}

export interface TablesStatus {
  readonly tables: number;
  /** Live and dead rows of all tables, as PostgreSQL estimates them. */
  readonly rows: number;
  readonly deadRows: number;
  /** With indexes and TOAST, the largest first, ten at most; `null`: one is locked against reading. */
  readonly largest: readonly { readonly table: string; readonly bytes: number }[] | null;
}

export interface LedgerStatus {
  readonly attempt: number;
  readonly state: string;
  readonly rows: number | null;
  readonly confirmed: string | null;
  /** When the source was first seen to have changed after the move; `null`: it was not. */
  readonly sourceChanged: string | null;
}

export interface PasswordStatus {
  /** `passwordVersion` in the environment. */
  readonly version: number;
  /** Vault's own version of the secret. */
  readonly vaultVersion: number;
  /** When Vault's newest version was written. */
  readonly changed: string;
  readonly days: number;
  /** Whether the newest version was deleted, so that nobody can read it. */
  readonly deleted: boolean;
  /** Whether the role takes it; `null` when nobody could tell. */
  readonly works: boolean | null;
}

export interface BackupStatus {
  readonly id: string;
  readonly made: string;
  readonly hours: number;
  /** When a backup of this database was last restored for a test, and equal to its manifest; `null`: never. */
  readonly proved: string | null;
}

export interface Step {
  /** For programs. */
  readonly what:
    "start" | "wait" | "look" | "deploy" | "settle" | "rotate" | "undelete" | "source-changed" | "back-up";
  /** For people: why, and the exact edit or command. */
  readonly how: string;
}
