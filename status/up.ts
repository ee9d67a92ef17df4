import { isTold, type Asked, type HealthStatus, type JobStatus, type Status } from "./report";

/**
 * Whether a service answers, as far as Nomad and Consul know.
 * @param deployed whether there should be a job
 * @returns null when nobody could tell, or there need not be one
 */
export function isUp(job: Asked<JobStatus>, health: Asked<HealthStatus>, deployed: boolean): boolean | null {
  if (job === null) return deployed ? false : null;
  if (isTold(job) && job.running === 0) return false;
  if (isTold(health) && health.status === "critical") return false;
  // A job that somebody registered by hand need not be a service in Consul.
  return isTold(job) && (health === null || isTold(health)) ? true : null;
}

/** Whether everything could be told, and no service is down. */
export function isWell({ servers, services }: Status): boolean {
  return (
    servers.every(({ trouble }) => trouble === null) &&
    services.every(({ up, job, health, database, tables, ledger, password, backup }) =>
      [job, health, database, tables, ledger, password, backup].every(
        (part) => up !== false && (part === null || !("unknown" in part)),
      ),
    )
  );
}
