/** Restores one service's database: beside the running one, or in its place. */
import type { Environment, EnvironmentService } from "../environments/model/environment";
import { UserError } from "../environments/model/problems";
import { databaseName } from "../services/definition";
import { groupName, hasJobspec, jobId } from "../services/job-definition";
import { backupJobs } from "../services/server-job";
import type { BackupJobs } from "./nomad";
import { databaseExists, onServer, swap } from "./server";

export interface ServiceRestore {
  readonly environment: Environment;
  readonly service: EnvironmentService;
  /** ISO 8601, in UTC. Default as it was in the newest backup. */
  readonly at?: string | undefined;
  /** A backup's id. Default the newest that fits. */
  readonly backup?: string | undefined;
  /** A new database beside the running one. Default in its place. */
  readonly as?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly jobs: BackupJobs;
  readonly log: (line: string) => void;
  /** Asks for the service's name in full, before anything is done. */
  readonly confirm: (question: string, answer: string) => Promise<void>;
}

export interface ServiceRestored {
  readonly service: string;
  /** What the restore itself reports. */
  readonly restored: unknown;
  /** The database that was there, under its new name; `null`: there was none. */
  readonly kept: string | null;
}

/** How long a service may take to be healthy again. */
const healthySeconds = 300;

export async function restoreService(the: ServiceRestore): Promise<ServiceRestored> {
  const { service } = the;
  const { name } = service.definition;
  const database = databaseName(service.definition);
  if (the.as !== undefined) {
    if (the.as === database)
      throw new UserError(`--as ${the.as} is the running database. Leave --as out to restore in its place.`);
    return { service: name, restored: await intoNew(the, database, the.as), kept: null };
  }
  const exists = await onServer(the.environment, the.env, (client) => databaseExists(client, database));
  if (!exists) return { service: name, restored: await intoNew(the, database, database), kept: null };
  return inPlace(the, database);
}

function intoNew({ jobs, at, backup }: ServiceRestore, database: string, as: string): Promise<unknown> {
  const meta = {
    database,
    as,
    ...(at === undefined ? {} : { at }),
    ...(backup === undefined ? {} : { backup }),
  };
  return jobs.dispatch(backupJobs.restore, "restore", meta);
}

/** The restore is made and proved beside the running database, so that the service is away for the exchange alone. */
async function inPlace(the: ServiceRestore, database: string): Promise<ServiceRestored> {
  const { environment, env, service, jobs, log, confirm, at } = the;
  const { name } = service.definition;
  const stamp = new Date().toISOString().replace(/[-:TZ]|\.\d+/g, "");
  const next = `${database.slice(0, 40)}_restored_${stamp}`;
  const kept = `${database.slice(0, 40)}_before_${stamp}`;
  await confirm(
    `${name} goes back to ${at ?? "its newest backup"}: what it has written since is no longer in its database. The database as it is now is kept as ${kept}.`,
    name,
  );
  const restored = await intoNew(the, database, next);
  const job = jobId(service.definition);
  const group = hasJobspec(service.definition) ? groupName(service.definition) : undefined;
  const runs = await jobs.exists(job);
  if (runs) {
    log(`stopping ${job}`);
    await jobs.scale(job, 0, group);
    await jobs.stopped(job);
  }
  try {
    await onServer(environment, env, (client) => swap(client, database, next, kept));
    log(`${database} is the restored database; the one before is ${kept}`);
  } finally {
    if (runs) {
      log(`starting ${job}`);
      await jobs.scale(job, 1, group);
    }
  }
  if (runs) await jobs.healthy(job, healthySeconds);
  return { service: name, restored, kept };
}
