/** What a user edits: one cluster and its services. Validated by `validate` before anything is made of it. */
import type { ServerLookup, SslMode } from "../../nomad/dsn";
import type { Proxy } from "../../nomad/proxy-tags";
import type { CsiVolume } from "../../nomad/volume";
import type { Program, RegistryLogin } from "../../services/definition";
import type { Definition } from "../../services/job-definition";
import type { RollbackKind } from "../../services/ledger";
import type { LogFormat, Notices } from "../../services/notices";
import type { Monitoring } from "../../services/monitoring";
import type { Backups, ServerJob } from "../../services/server-job";

/**
 * Where a service stands. `prepared`: secret, role and database exist, the job runs on its source. `cutover`: the job moves
 * to the server. `settled`: it has moved, and its job needs nothing of the migration any more. `retired`: out of our hands,
 * Terraform forgets it and destroys nothing. Back from `cutover` to `prepared` goes with a `rollback`.
 */
export type Phase = (typeof phases)[number];
export const phases = ["prepared", "cutover", "settled", "retired"] as const;

/**
 * What was there before pgmoor. It is history: what pgmoor made itself is not named, though it exists now. `job`: the Nomad job
 * is imported. `secret`: the Vault secret is only read. `database`: database and role are imported and their password is left
 * alone. An import of what Terraform's state has already does nothing.
 */
export type Existing = "job" | "secret" | "database";

export interface EnvironmentService {
  readonly definition: Definition;
  readonly phase: Phase;
  /**
   * Beside `prepared`, for a service that has moved and is to go back: what becomes of the rows that the server has.
   * `copy-back`: a new SQLite file that holds them takes the source's place; the old file is kept. `discard`: they stay on the
   * server, and the service runs on its source as it was when it moved. Any failure puts the job back on the server.
   * @default it has not moved; one that has is refused
   */
  readonly rollback?: RollbackKind;
  /** @default nothing exists */
  readonly existing?: readonly Existing[];
  /**
   * Version of the password. Raise it by one for a new password. 2 or higher also makes an existing secret pgmoor's.
   * @default 1
   */
  readonly passwordVersion?: number;
  /**
   * What its cutover waits for. `backup-of-today`: the deploy is refused until the server has a backup that was made today, in
   * `backups.timeZone`.
   * @default nothing
   */
  readonly cutoverNeeds?: "backup-of-today";
  /**
   * How it encrypts its connection, for an app that cannot do what the others do: `require` beside a `server.sslmode` of
   * `verify-full`.
   * @default `server.sslmode`
   */
  readonly sslmode?: SslMode;
}

/**
 * `folder`: files, for one person. `consul`: keys below a path of the cluster's Consul, with locking, for several people and
 * for CI; its token is `CONSUL_HTTP_TOKEN`.
 */
export type StateStore =
  { readonly in: "folder"; readonly folder: string } | { readonly in: "consul"; readonly path: string };

export interface Environment {
  /** The name of its file: `mine` in `environments/mine.ts`. Its states and working folders have this name. */
  readonly name: string;
  readonly nomad: {
    readonly address: string;
    readonly datacenter: string;
    readonly namespace: string;
    /** The region of the jobs. @default `NOMAD_REGION`, else that of the server at the address */
    readonly region?: string;
    /** As {@link Environment.vault}'s. @default `NOMAD_CACERT`, else what the system trusts */
    readonly caFile?: string;
  };
  readonly vault: {
    readonly address: string;
    /**
     * File with the certificate (PEM) of the authority that signed Vault's, from the project's folder. Client certificates are
     * each person's, by `VAULT_CLIENT_CERT` and `VAULT_CLIENT_KEY`.
     * @default `VAULT_CACERT`, else what the system trusts
     */
    readonly caFile?: string;
    /**
     * Vault's namespace, of Vault Enterprise or OpenBao. Nomad's agents need it too: `vault { namespace = "…" }`.
     * @default `VAULT_NAMESPACE`, else the root namespace
     */
    readonly namespace?: string;
    /** Mount of the KV v2 engine. */
    readonly mount: string;
    /** Mount of the JWT auth method that trusts Nomad's workload identities. */
    readonly jwtAuth: string;
    /** The audience in those identities. */
    readonly audience: string;
  };
  readonly consul: {
    readonly address: string;
    /** As {@link Environment.vault}'s. @default `CONSUL_CACERT`, else what the system trusts */
    readonly caFile?: string;
  };
  /** The central PostgreSQL. */
  readonly server: {
    /** Its service in Consul, which must be healthy before anything is planned. */
    readonly service: string;
    /** How jobs find it. */
    readonly lookup: ServerLookup;
    /** Where Terraform finds it. @default the address that Consul has */
    readonly address?: { readonly host: string; readonly port: number };
    /** The KV v2 secret with the admin's `username` and `password`. */
    readonly adminSecret: string;
    /**
     * How Terraform, the migrator, the backups and every service encrypt their connections. A service whose app does not
     * support the mode is refused, unless it has an `sslmode` of its own.
     */
    readonly sslmode: SslMode;
    /**
     * File with the certificate (PEM) of the authority that signed the server's, from the project's folder. For `verify-ca`
     * and `verify-full`; every task gets a copy.
     */
    readonly caFile?: string;
    /** Its `max_connections`. The services' limits must add up to less. */
    readonly maxConnections: number;
    /** Its image, which decides the extensions that a database may have: `postgres:16-alpine`. */
    readonly image: string;
    /** Additional extensions, or all of them if pgmoor does not know the image. @default those of the known image */
    readonly extensions?: readonly string[];
    /** Its `shared_preload_libraries`. @default none */
    readonly preload?: readonly string[];
    /** The Nomad job that runs it, in the stack `server`. @default somebody else runs it */
    readonly job?: ServerJob;
  };
  /** Its backups, in the stack `backups`. @default somebody else makes them */
  readonly backups?: Backups;
  /** What watches it and the services, in the stack `monitoring`. @default nothing does */
  readonly monitoring?: Monitoring;
  /** Whom the tasks of backups and moves tell that they failed. @default nobody */
  readonly notices?: Notices;
  /** How pgmoor's tasks write their logs: `json` adds a line of JSON to each line, for Loki. @default "text" */
  readonly logFormat?: LogFormat;
  /**
   * The greatest age of a service's password, in days. `pgmoor status`, plans and reviews warn of an older one. pgmoor
   * rotates nothing by itself.
   * @default any age
   */
  readonly passwordMaxAgeDays?: number;
  /** Services are reached at `https://NAME.DOMAIN`. */
  readonly domain: string;
  /** The proxy that finds services by their tags in Consul. Jobs of your own keep their tags. @default Traefik */
  readonly proxy?: Proxy;
  readonly migrator: {
    /** The migrator's program: its image, or the bundle, run by `node`. */
    readonly program: Program;
    /** The volume that keeps the snapshots of the sources: a host volume's name, or `{ csi: "snapshots" }`. */
    readonly snapshots: string | CsiVolume;
    /** Login to the private registry of the program's image. It is in Vault, never in a job. @default none */
    readonly registry?: RegistryLogin;
  };
  /** Where the Terraform states are kept, one for each service. @default files in `states/NAME` beside `cdktf.json` */
  readonly states?: StateStore;
  /** The CI that plans and deploys. @default there is none */
  readonly runner?: Runner;
  readonly services: readonly EnvironmentService[];
}

/** Whose identity Vault trusts: GitHub's OIDC tokens, or the workload identity of a runner that is a Nomad job. */
export interface Runner {
  /** Mount of the JWT auth method that trusts them. */
  readonly jwtAuth: string;
  /** The claim that names it in Vault's audit: `repository`, or `nomad_job_id`. */
  readonly userClaim: string;
  /** The claims that a job must have to plan: `{ repository: "me/homelab", event_name: "pull_request" }`. */
  readonly plan: Readonly<Record<string, string>>;
  /** The claims that a job must have to deploy: `{ repository: "me/homelab", environment: "homelab" }`. */
  readonly deploy: Readonly<Record<string, string>>;
}
