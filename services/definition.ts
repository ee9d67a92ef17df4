/** What pgmoor has to know of a service: data, with a source for each fact beside it. */
import type { HealthCheck } from "../nomad/check";
import type { Dsn } from "../nomad/dsn";
import type { Duration } from "../nomad/duration";
import type { Job } from "../nomad/job";
import type { Port } from "../nomad/port";
import type { Size } from "../nomad/size";
import type { HostVolume } from "../nomad/volume";
import type { MigrationTable, Rule } from "./rules";

/** A program in a container image. */
export interface DockerProgram {
  readonly driver: "docker";
  /** With a tag: `vaultwarden/server:1.36.0`. */
  readonly image: string;
  /**
   * `host`: the container listens on the host's own interfaces (Nomad's `network_mode = "host"`). `bridge`: Nomad maps the
   * host's port to the container's.
   */
  readonly network: "host" | "bridge";
  /** Arguments for the image's entrypoint. @default the image's own */
  readonly args?: readonly string[];
  /** The user that runs it: a name in the image, `UID` or `UID:GID`. @default the image's own user */
  readonly user?: string;
}

/** The login to a private registry: a KV v2 secret, and its fields. */
export interface RegistryLogin {
  /** Below the mount: `registry`. */
  readonly secret: string;
  /** @default `username` and `password` */
  readonly fields?: { readonly username: string; readonly password: string };
}

/** A program on the host, in Nomad's `exec` driver (a chroot). For a cluster without containers. */
export interface ExecProgram {
  readonly driver: "exec";
  readonly command: readonly [string, ...string[]];
  /** Host volumes that hold the program, mounted read-only. */
  readonly mounts: readonly HostVolume[];
  /** The user that runs it: a user of the host. @default `nobody`, as Nomad's client is configured */
  readonly user?: string;
}

export type Program = DockerProgram | ExecProgram;

export interface SecretVariable {
  readonly variable: string;
  /** The KV v2 secret below the environment's mount: `speedtest`. */
  readonly secret: string;
  readonly field: string;
}

/**
 * How the app's own image builds its schema in the empty database, outside of the service: by a command that ends
 * (`command`), or by starting the app on a spare loopback port until its health path answers (`app`).
 */
export interface SchemaBuild {
  readonly kind: "command" | "app";
  /** The command that the image runs by default. pgmoor's wrapper replaces the image's entrypoint. */
  readonly command: readonly [string, ...string[]];
  /**
   * Variables for this run only, added to the service's own. For `app` they must make it listen on `127.0.0.1` and the port
   * `${NOMAD_PORT_pgmoor_schema}`, with its data in a scratch folder (`${NOMAD_TASK_DIR}`). Its container uses the host's
   * network even if the service's own is `bridge`, because the migrator calls it on the host's loopback.
   * @default none
   */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Where the service's data was before: one SQLite file in the service's volume. */
export interface SqliteSource {
  readonly kind: "sqlite";
  /** The file as the task sees it, inside one of the service's volumes: `/data/db.sqlite3`. */
  readonly file: string;
  /** The variables with which the app uses this file. */
  readonly environment: Readonly<Record<string, string>>;
  readonly schema: SchemaBuild;
  /** Tables in which the app records its schema migrations. The app fills them; the copy compares them. */
  readonly migrationTables: readonly MigrationTable[];
  /** What pgmoor may do to values that do not fit, and what it may leave out. @default nothing */
  readonly rules?: readonly Rule[];
  /**
   * How much of a table with more than 50,000 rows is compared after the copy: a random `sample` of 50,000 rows, or `full`,
   * every value, which takes longer. Smaller tables are always compared whole.
   * @default "sample"
   */
  readonly verify?: "sample" | "full";
}

/** Where the service's data was before: an embedded PostgreSQL, in a task beside the app. */
export interface EmbeddedSource {
  readonly kind: "postgres";
  /** The server's image. */
  readonly program: Program;
  /**
   * The command that the image runs by default. In the cutover the server runs on a copy of its data, and pgmoor adds
   * settings for that (`-c NAME=VALUE`).
   */
  readonly command: readonly [string, ...string[]];
  /** The host volume with its data, and the path where its image expects it. */
  readonly volume: HostVolume;
  /** The app's user and database on it. */
  readonly user: string;
  readonly database: string;
  /**
   * The server's own variables; its data is in `PGDATA` if that is among them, otherwise in the volume itself. @default
   * none
   */
  readonly serverEnvironment?: Readonly<Record<string, string>>;
  /** The variables with which the app uses it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Its password, which app and server need: the variables that hold it, and where it is in Vault. */
  readonly password: {
    readonly secret: string;
    readonly field: string;
    readonly app: string;
    readonly server: string;
  };
  /** Tables in which the app records its schema migrations. */
  readonly migrationTables: readonly string[];
}

export type Source = SqliteSource | EmbeddedSource;

/** Another task of the service, beside the app: with the same DSN, variables, secrets and volumes. */
export interface Companion {
  readonly name: string;
  readonly program: Program;
  readonly environment?: Readonly<Record<string, string>>;
  readonly resources: Resources;
}

export interface Resources {
  readonly cpuMegahertz: number;
  readonly memory: Size;
}

export interface Deadlines {
  /**
   * From the start of the migration until the copy is verified. The service is down during this time. @default 10 minutes
   */
  readonly migrate?: Duration;
  /**
   * From the start of the app on the server until it has used its database. At least 15 seconds: PostgreSQL reports table
   * use up to 10 seconds late.
   * @default 1 minute
   */
  readonly confirm?: Duration;
  /** From the start of the job until it is healthy, without a migration. @default 5 minutes */
  readonly healthy?: Duration;
}

/** Where the app of a job runs: on its source, or on the server. */
export type Side = "source" | "server";

/**
 * Changes the job that pgmoor makes of a definition, as Nomad's API has it, before pgmoor adds what it needs itself: the DSN,
 * the access to Vault, the migration tasks. It is called for each side. What pgmoor needs cannot be taken away: a job without
 * it is refused.
 */
export type JobChange = (job: Job, side: Side) => Job;

/** What every definition says of a service, whichever way it says the job. */
export interface AnyDefinition {
  /** Name of the Nomad job, the Consul service, the Vault secret and the stack: `speedtest`. */
  readonly name: string;
  readonly database: {
    /** Name of the database and of the role that owns it. @default the service's name, with `_` for `-` */
    readonly name?: string;
    /** The most connections that the role may have at a time. */
    readonly connectionLimit: number;
    /** Extensions, made by the admin. @default none */
    readonly extensions?: readonly string[];
    /**
     * A query that the restored database has to answer with true, in the daily test of the backups: `SELECT count(*) > 0 FROM
     * users`. It runs as the database's role.
     * @default the role logs in, and reads a row of every table and view that it owns
     */
    readonly restoreQuery?: string;
  };
  readonly dsn: Dsn;
  /**
   * For an app that reads its DSN only when it is installed and keeps it in a file of its own: what a person must do so
   * that it uses a new password. A rotation is refused with this text. @default it reads its variables at each start
   */
  readonly readsDsnOnce?: string;
  /** Why the app cannot run on PostgreSQL. A cutover is refused with this text. @default it can */
  readonly cannotMove?: string;
  /** Whether it monitors other services. A plan that moves it to the server warns about that. @default false */
  readonly monitor?: boolean;
  readonly deadlines?: Deadlines;
  /** What the other fields cannot say of the job: `(job) => ({ ...job, Priority: 80 })`. @default nothing */
  readonly job?: JobChange;
}

/** A service whose job is made from these fields. */
export interface ServiceDefinition extends AnyDefinition {
  readonly program: Program;
  /** The static port on the host, and the port inside the container if that differs. */
  readonly port: Port;
  /** Variables that do not depend on the database. @default none */
  readonly environment?: Readonly<Record<string, string>>;
  /** Variables from other Vault secrets of the app, such as a key that must stay the same. @default none */
  readonly secrets?: readonly SecretVariable[];
  /**
   * Host volumes. One that holds the source and nothing else is marked `sourceOnly()`: a settled job does not mount it.
   * @default none
   */
  readonly volumes?: readonly HostVolume[];
  /** HTTP check on the port. The path should answer 2xx only when the app's database answers. */
  readonly health: HealthCheck;
  readonly resources: Resources;
  /** Further tasks of the app. @default none */
  readonly companions?: readonly Companion[];
  /** Traefik's middlewares on the service's router, such as `authelia@file`. @default none */
  readonly middlewares?: readonly string[];
  /** Tags of your own of the service in Consul, after those of the environment's `proxy`. @default none */
  readonly tags?: readonly string[];
  /** Where the data was. Omit it if the service already uses the server: there is nothing to move. */
  readonly source?: Source;
}

/** A definition of your own: types help to write it, and it is validated with the environment that has it. */
export function defineService(definition: ServiceDefinition): ServiceDefinition {
  return definition;
}

/** The database's and the role's name. */
export function databaseName(definition: AnyDefinition): string {
  return definition.database.name ?? definition.name.replaceAll("-", "_");
}

/** Where the secret of a database lies below the KV mount. */
export function databaseSecretName(database: string): string {
  return `postgres/${database}`;
}

/** Name of a service's policy and JWT role in Vault. */
export function workloadIdentityName(service: string): string {
  return `pgmoor-${service}`;
}

/** PostgreSQL's `PGSTAT_IDLE_INTERVAL` is 10 s (src/backend/utils/activity/pgstat.c), and an app has to start. */
export const leastConfirmSeconds = 15;

/** Where an embedded server has its data, as its image sees it. */
export function dataDirectory({ volume, serverEnvironment = {} }: EmbeddedSource): string {
  return serverEnvironment.PGDATA ?? volume.path;
}

export const defaultDeadlines = { migrateSeconds: 600, confirmSeconds: 60, healthySeconds: 300 } as const;
