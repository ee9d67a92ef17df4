/** What pgmoor has to know of a service: data, with a source for each fact beside it. */
import type { HealthCheck } from "../nomad/check";
import type { Dsn } from "../nomad/dsn";
import type { Duration } from "../nomad/duration";
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
  /** What the image's entrypoint is given. @default the image's own */
  readonly args?: readonly string[];
  /** Who it runs as: a name that the image knows, or `UID` or `UID:GID`. @default the image's own user */
  readonly user?: string;
}

/** A program of the host in Nomad's `exec` driver (a chroot): what a cluster without containers runs. */
export interface ExecProgram {
  readonly driver: "exec";
  readonly command: readonly [string, ...string[]];
  /** Host volumes that hold the program, mounted read-only. */
  readonly mounts: readonly HostVolume[];
  /** Who it runs as: a user of the host. @default `nobody`, as Nomad's client is configured */
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
  /** What the image would run by itself, since the wrapper takes the place of its entrypoint. */
  readonly command: readonly [string, ...string[]];
  /**
   * Variables for this run alone, over the service's own. For `app` they have to put it on `127.0.0.1` and the port
   * `${NOMAD_PORT_pgmoor_schema}`, with its data in a scratch folder (`${NOMAD_TASK_DIR}`). A container runs in the host's
   * network for it, also where the service's own is `bridge`: the migrator asks it on the host's loopback.
   * @default none
   */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Where the service's data was before: one SQLite file in the service's volume. */
export interface SqliteSource {
  readonly kind: "sqlite";
  /** The file as the task sees it, inside one of the service's volumes: `/data/db.sqlite3`. */
  readonly file: string;
  /** The variables that put the app on this file. */
  readonly environment: Readonly<Record<string, string>>;
  readonly schema: SchemaBuild;
  /** Tables in which the app records its own schema's version: the app fills them, the copy compares them. */
  readonly migrationTables: readonly MigrationTable[];
  /** What may be done to values that do not fit, and what may be left behind. @default nothing */
  readonly rules?: readonly Rule[];
  /**
   * How much of a table with more than 50,000 rows is compared after the copy: a random `sample` of 50,000 rows, or `full`,
   * every value, which takes longer. Smaller tables are always compared whole.
   * @default "sample"
   */
  readonly verify?: "sample" | "full";
}

/** Where the service's data was before: a PostgreSQL of its own, a task beside the app. */
export interface EmbeddedSource {
  readonly kind: "postgres";
  /** The server's image. */
  readonly program: Program;
  /**
   * What the image would run by itself, for the cutover: the server then works on a copy of its data, and settings for that
   * are added (`-c NAME=VALUE`).
   */
  readonly command: readonly [string, ...string[]];
  /** The host volume with its data, and where its image expects it. */
  readonly volume: HostVolume;
  /** The app's user and database on it. */
  readonly user: string;
  readonly database: string;
  /** The server's own variables; its data is in `PGDATA`, if that is among them, else in the volume itself. @default none */
  readonly serverEnvironment?: Readonly<Record<string, string>>;
  /** The variables that put the app on it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Its password, which both need: the variables of the app and of the server that take it, and where Vault has it. */
  readonly password: {
    readonly secret: string;
    readonly field: string;
    readonly app: string;
    readonly server: string;
  };
  /** Tables in which the app records its own schema's version. */
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
  /** From the start of the migration until the copy is verified; the service is down meanwhile. @default 10 minutes */
  readonly migrate?: Duration;
  /**
   * From the start of the app on the server until it has used its database. At least 15 seconds: an idle session of
   * PostgreSQL tells what it did up to 10 seconds late.
   * @default 1 minute
   */
  readonly confirm?: Duration;
  /** From the start of the job until it is healthy, without a migration. @default 5 minutes */
  readonly healthy?: Duration;
}

export interface ServiceDefinition {
  /** Name of the Nomad job, the Consul service, the Vault secret and the stack: `speedtest`. */
  readonly name: string;
  readonly program: Program;
  /** The static port on the host, and the one inside the container where it differs. */
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
  readonly database: {
    /** Name of the database and of the role that owns it. @default the service's name, with `_` for `-` */
    readonly name?: string;
    /** How many connections the role may have at a time. */
    readonly connectionLimit: number;
    /** Extensions, made by the admin. @default none */
    readonly extensions?: readonly string[];
  };
  readonly dsn: Dsn;
  /** Where the data was. Absent: the service has been on the server all along, and there is nothing to move. */
  readonly source?: Source;
  /**
   * What a person has to do for the app to take a new password, if it reads its DSN at its installation alone and keeps it
   * in a file of its own: a rotation is refused with it. @default it reads its variables at each start
   */
  readonly readsDsnOnce?: string;
  /** Why the app cannot run on PostgreSQL: a cutover is refused with it. @default it can */
  readonly cannotMove?: string;
  /** Whether it watches other services: a plan that puts it on the server warns of it. @default false */
  readonly monitor?: boolean;
  readonly deadlines?: Deadlines;
}

/** A definition of your own: types help to write it, and it is validated with the environment that has it. */
export function defineService(definition: ServiceDefinition): ServiceDefinition {
  return definition;
}

/** The database's and the role's name. */
export function databaseName(definition: ServiceDefinition): string {
  return definition.database.name ?? definition.name.replaceAll("-", "_");
}

/** Where the secret of a database lies below the KV mount. */
export function databaseSecretName(database: string): string {
  return `postgres/${database}`;
}

/** PostgreSQL's `PGSTAT_IDLE_INTERVAL` is 10 s (src/backend/utils/activity/pgstat.c), and an app has to start. */
export const leastConfirmSeconds = 15;

/** Where an embedded server has its data, as its image sees it. */
export function dataDirectory({ volume, serverEnvironment = {} }: EmbeddedSource): string {
  return serverEnvironment.PGDATA ?? volume.path;
}

export const defaultDeadlines = { migrateSeconds: 600, confirmSeconds: 60, healthySeconds: 300 } as const;
