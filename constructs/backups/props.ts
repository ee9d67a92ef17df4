import type { ServerLookup, SslMode } from "../../nomad/dsn";
import type { Program } from "../../services/definition";
import type { Telling } from "../../services/notices";
import type { Backups, ServerJob } from "../../services/server-job";

export interface BackupJobsProps {
  readonly backups: Backups;
  /** What runs pgmoor's own commands. */
  readonly program: Program;
  readonly server: {
    readonly lookup: ServerLookup;
    readonly sslmode: SslMode;
    /** The certificate (PEM) of the authority that signed the server's. @default none */
    readonly ca?: string | undefined;
    /** The KV v2 secret with the admin's `username` and `password`. */
    readonly adminSecret: string;
    readonly image: string;
    readonly preload: readonly string[];
    readonly maxConnections: number;
    /** @default somebody else runs it */
    readonly job?: ServerJob | undefined;
  };
  readonly datacenter: string;
  readonly namespace: string;
  /** @default that of the server that gets the jobs */
  readonly region?: string | undefined;
  /** Of Vault's KV v2 engine. */
  readonly mount: string;
  /** What a restored database has to answer with true in a test, by database. */
  readonly queries: Readonly<Record<string, string>>;
  /** How the tasks tell people. */
  readonly telling: Telling;
  /** Text of `migrator/peer/task-wrapper.sh`. */
  readonly wrapper: string;
}

/** Where the tasks see their volumes. */
export const workPath = "/work";
export const repositoryPath = "/repository";
