/** What pgmoor has to know to run the central PostgreSQL as a Nomad job, and to back it up. */
import type { Duration } from "../nomad/duration";
import type { Port } from "../nomad/port";
import type { HostVolume } from "../nomad/volume";
import type { ExecProgram, Program, Resources } from "./definition";

/**
 * The server's certificate, from a role of Vault's PKI engine. The job's template writes and renews it, and PostgreSQL reads
 * the new one without a restart. It is for `names`, the address that Nomad gives the job, and 127.0.0.1.
 */
export interface ServerTls {
  /** Mount of the PKI engine. @default "pki" */
  readonly mount?: string;
  /** The engine's role that issues it. */
  readonly role: string;
  /** DNS names that clients connect to. The first is its common name. */
  readonly names: readonly [string, ...string[]];
  /** How long a certificate is valid. It is renewed when about a tenth of that is left. @default 30 days */
  readonly ttl?: Duration;
  /** The uid and gid of PostgreSQL in its image: nobody else may read the key. @default 70 for an Alpine image, else 999 */
  readonly user?: number;
  /**
   * Whether PostgreSQL refuses connections without encryption (`hostssl`). Set it once every service encrypts: as long as a
   * session of one does not, the deploy is refused.
   * @default false
   */
  readonly only?: boolean;
}

/** The Nomad job of the central PostgreSQL. Its image is the environment's `server.image`. */
export interface ServerJob {
  /** Name of the job. @default "postgresql" */
  readonly name?: string;
  /**
   * Name of its task group. Of a job that is taken over it must be the running one's: Nomad would start a group of another name
   * before the old one has ended, on the same data.
   * @default the job's name
   */
  readonly group?: string;
  /** The static port on the host. */
  readonly port: Port;
  /** The host volume with its data, and the path where its image expects it: `/var/lib/postgresql/data`. */
  readonly volume: HostVolume;
  /** Its data directory (`PGDATA`). @default `pgdata` in the volume */
  readonly dataDirectory?: string;
  /**
   * The Nomad client that runs it, by name. Always one: two clients that mount the same share could each start a server on
   * the same data.
   */
  readonly node: string;
  readonly resources: Resources;
  /** Settings of PostgreSQL, over those that pgmoor derives from the memory. @default none */
  readonly settings?: Readonly<Record<string, string>>;
  /** Lines of pg_hba.conf that come before pgmoor's own. @default none */
  readonly hba?: readonly string[];
  /** @default it has no certificate, and encrypts nothing */
  readonly tls?: ServerTls;
  /** A program on the host in place of the image, for a cluster without containers. @default the image */
  readonly program?: ExecProgram;
  /** The folder of PostgreSQL's programs, as the task sees it. @default they are on PATH, as in every image */
  readonly binaries?: string;
  /**
   * Whether the job was there before pgmoor. `watched`: it is left as it is, and Terraform has nothing of it. `taken-over`: it is imported, and
   * the job that is described here replaces it, which restarts the server once; volume, data directory, port and node must be
   * those of the running job.
   * @default it is new
   */
  readonly existing?: "watched" | "taken-over";
  /** Whether its admin's secret in Vault was there before pgmoor. It is only read then. @default pgmoor makes it */
  readonly existingSecret?: boolean;
}

/** Where backups are kept. All of it is encrypted. */
export type BackupRepository =
  | {
      readonly in: "volume";
      /** A host volume, such as a share of the NAS. */
      readonly volume: string;
    }
  | {
      readonly in: "s3";
      /** `https://s3.example.org`, or any server with this API. */
      readonly endpoint: string;
      readonly bucket: string;
      /** A folder in the bucket. @default "pgmoor" */
      readonly path?: string;
      /** The KV v2 secret with `access_key_id` and `secret_access_key`. */
      readonly secret: string;
    };

/** How many backups are kept. The newest of each day, week and month counts. */
export interface BackupsKept {
  /** @default 7 */
  readonly daily?: number;
  /** @default 4 */
  readonly weekly?: number;
  /** @default 12 */
  readonly monthly?: number;
  /** How many days back a restore can go to any second. At most `daily`. @default 7 */
  readonly pointInTimeDays?: number;
}

/** The backups of the central PostgreSQL: Nomad jobs that pgmoor makes. */
export interface Backups {
  readonly repository: BackupRepository;
  /** Host volume for the received WAL, and for backups while they are made and restored. Not the server's own disk. */
  readonly volume: string;
  /** The Nomad client that has these volumes, by name. @default any client that has them */
  readonly node?: string;
  /** The image with restic and PostgreSQL's client programs. @default the environment's `migrator.program` */
  readonly program?: Program;
  /** When backups are made: minute, hour, day of the month, month, day of the week. @default "0 3 * * *" */
  readonly schedule?: string;
  /** When the newest backup is restored for a test. @default "0 5 * * *" */
  readonly testSchedule?: string;
  /** Of both schedules. @default "UTC" */
  readonly timeZone?: string;
  readonly keep?: BackupsKept;
  /** Seconds from one copy of the received WAL into the repository to the next. @default 60 */
  readonly walSeconds?: number;
  /** The KV v2 secret with the repository's key, in the field `password`. Without it no backup can be read. @default "postgres/backup_key" */
  readonly keySecret?: string;
  /** Whether that secret was there before pgmoor. It is only read then. @default pgmoor makes it */
  readonly existingKey?: boolean;
  /** The most that a backup, a restore or a test may use. @default 1000 MHz, 1 GiB */
  readonly resources?: Resources;
}

export const serverJobName = ({ name }: ServerJob): string => name ?? "postgresql";

export const serverGroupName = (job: ServerJob): string => job.group ?? serverJobName(job);

/** Where the server has its data, as its task sees it. */
export function serverDataDirectory({ dataDirectory, volume }: ServerJob): string {
  return dataDirectory ?? `${volume.path}/pgdata`;
}

/** Names of the jobs that back up and restore. */
export const backupJobs = {
  wal: "pgmoor-wal",
  backup: "pgmoor-backup",
  test: "pgmoor-restore-test",
  restore: "pgmoor-restore",
  restoreAll: "pgmoor-restore-all",
} as const;

export const defaultKept = { daily: 7, weekly: 4, monthly: 12, pointInTimeDays: 7 } as const;
export const defaultKeySecret = "postgres/backup_key";
