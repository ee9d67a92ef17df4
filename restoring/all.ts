/** Restores the whole central server. */
import type { Environment } from "../environments/model/environment";
import { UserError } from "../environments/model/problems";
import { backupJobs, serverGroupName, serverJobName } from "../services/server-job";
import { messageOf } from "../migrator/base/errors";
import type { BackupJobs } from "./nomad";

export interface WholeRestore {
  readonly environment: Environment;
  /** ISO 8601, in UTC. Default as far as the WAL goes. */
  readonly at?: string | undefined;
  readonly backup?: string | undefined;
  readonly jobs: BackupJobs;
  readonly log: (line: string) => void;
  /** Asks for the environment's name in full, before anything is done. */
  readonly confirm: (question: string, answer: string) => Promise<void>;
}

export interface WholeRestored {
  readonly restored: unknown;
  /** The backup that was made right after it. */
  readonly backup: unknown;
}

/** With this the job's last words begin when it refuses: no backup fits, or it is not clear which one is meant. */
const untouched = "refused, nothing changed";

/** It may have a long log to replay. */
const healthySeconds = 900;

/** @throws {UserError} when pgmoor does not run the server */
export async function restoreWhole(the: WholeRestore): Promise<WholeRestored> {
  const { environment, at, backup, jobs, log, confirm } = the;
  const { job } = environment.server;
  if (job === undefined)
    throw new UserError(
      `The environment "${environment.name}" has no server.job: pgmoor does not know where the server has its data.`,
    );
  const name = serverJobName(job);
  await confirm(
    `Every database of ${environment.name} goes back to ${at ?? "the end of its WAL"}, and every service on it is down meanwhile. The data directory as it is now is kept beside the new one.`,
    environment.name,
  );
  const runs = await jobs.exists(name);
  if (!runs)
    throw new UserError(`Nomad has no job ${name}. Deploy the server first: npx cdktf deploy server.`);
  log(`stopping ${name}`);
  await jobs.scale(name, 0, serverGroupName(job));
  await jobs.stopped(name);
  const meta = { ...(at === undefined ? {} : { at }), ...(backup === undefined ? {} : { backup }) };
  let restored: unknown;
  try {
    restored = await jobs.dispatch(backupJobs.restoreAll, "restore-all", meta);
  } catch (error) {
    if (messageOf(error).startsWith(untouched)) {
      log(`starting ${name} again, as it was`);
      await jobs.scale(name, 1, serverGroupName(job));
      await jobs.healthy(name, healthySeconds);
    } else log(`${name} stays stopped: see above what was done to its data directory`);
    throw error;
  }
  log(`starting ${name}`);
  await jobs.scale(name, 1, serverGroupName(job));
  await jobs.healthy(name, healthySeconds);
  // Its WAL goes on in a history of its own: only a new backup reaches into that.
  log("backing up");
  return { restored, backup: await jobs.force(backupJobs.backup, "backup") };
}
