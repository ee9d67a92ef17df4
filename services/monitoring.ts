/** How the central PostgreSQL and its services are watched: Nomad job, database and role that pgmoor makes for it. */
import { Port } from "../nomad/port";
import type { Program } from "./definition";

/** postgres_exporter and pgmoor's own facts, for Prometheus. */
export interface Monitoring {
  /** postgres_exporter. @default its image, `quay.io/prometheuscommunity/postgres-exporter` */
  readonly exporter?: Program;
  /** The static port on the host that Prometheus asks. @default 9187 */
  readonly port?: Port;
  /**
   * A host volume on the file system that has the server's data. Its free bytes are measured there; it is mounted read-only.
   * @default the volume of `server.job`; none if pgmoor does not run the server, and then nothing warns of a full disk
   */
  readonly diskVolume?: string;
  /** The Nomad client that runs the job, by name. @default that of `server.job`, else any */
  readonly node?: string;
  /**
   * Where the pages of `docs/alerts/` can be read: each alert links to its page there, `URL/backup-old.md`.
   * @default the path in this repository
   */
  readonly runbooks?: string;
}

/** The job, its service in Consul, and what Prometheus calls the job. */
export const monitoringJob = "pgmoor-monitoring";
/** Name of the role, and of the small database in which the facts are. */
export const monitoringRole = "pgmoor_monitoring";
/** PostgreSQL's own role for those who watch: pgmoor lets its members into every database, where they can read no row. */
export const monitors = "pg_monitor";

/** postgres_exporter keeps a session in every database, and `facts` opens one after the other. */
export const monitoringConnections = (services: number): number => services + 6;

export const defaultExporterPort = Port.onHost(9187);
export const exporterImage = "quay.io/prometheuscommunity/postgres-exporter:v0.20.1";
