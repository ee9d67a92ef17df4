import type { ServerLookup, SslMode } from "../../nomad/dsn";
import type { Definition } from "../../services/job-definition";
import type { Program } from "../../services/definition";
import type { LogFormat } from "../../services/notices";
import type { Monitoring } from "../../services/monitoring";
import type { ServerJob } from "../../services/server-job";

export interface MonitoringProps {
  readonly monitoring: Monitoring;
  /** What runs pgmoor's own commands. */
  readonly program: Program;
  /** Those that are not retired, with the phase that the environment declares. */
  readonly services: readonly { readonly definition: Definition; readonly phase: string }[];
  readonly server: {
    readonly lookup: ServerLookup;
    readonly sslmode: SslMode;
    /** The certificate (PEM) of the authority that signed the server's. @default none */
    readonly ca?: string | undefined;
    /** @default somebody else runs it */
    readonly job?: ServerJob | undefined;
    /** Whether it preloads pg_stat_statements. */
    readonly countsStatements: boolean;
  };
  readonly logFormat?: LogFormat | undefined;
  /** Whether the environment has backups. */
  readonly backups: boolean;
  readonly consul: string;
  readonly datacenter: string;
  readonly namespace: string;
  /** @default that of the server that gets the job */
  readonly region?: string | undefined;
  /** The certificates (PEM) of the authorities that signed Vault's and Consul's. @default those that Node.js knows */
  readonly authorities?: string | undefined;
  readonly vault: {
    readonly address: string;
    /** @default the root namespace */
    readonly namespace?: string;
    /** Of its KV v2 engine. */
    readonly mount: string;
    readonly jwtAuth: string;
    readonly audience: string;
  };
}
