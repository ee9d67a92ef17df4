/** The newest backup of a database, and whether it is known to be good. */
import type { Environment } from "../environments/model/environment";
import type { BackupsSeen } from "../survey/backups";
import type { Asked, BackupStatus, Step } from "./report";

/** A daily backup, with time for it to be made. */
const tooOldHours = 26;

/** @param seen what the server says, or why nobody could tell */
export function backupStatus(
  { backups }: Environment,
  seen: BackupsSeen | string,
  database: string,
  now: Date,
): Asked<BackupStatus> {
  if (backups === undefined) return null;
  if (typeof seen === "string") return { unknown: `PostgreSQL ${seen}` };
  const newest = seen.databases.get(database);
  if (newest === undefined) return null;
  return {
    id: newest.id,
    made: newest.made.toISOString(),
    hours: Math.floor((now.getTime() - newest.made.getTime()) / 3_600_000),
    proved: newest.proved?.toISOString() ?? null,
  };
}

/** What to do about a database without a backup, with an old one, or with one that was never restored. */
export function backupSteps(
  { backups, nomad }: Environment,
  backup: Asked<BackupStatus>,
  hasDatabase: boolean,
): Step[] {
  if (backups === undefined || !hasDatabase || (backup !== null && "unknown" in backup)) return [];
  const run = (job: string) => `Run nomad job periodic force -namespace ${nomad.namespace} ${job}`;
  const step = (how: string): Step[] => [{ what: "back-up", how }];
  if (backup === null) return step(`has no backup. ${run("pgmoor-backup")}`);
  if (backup.hours > tooOldHours)
    return step(
      `its newest backup is ${backup.hours} hours old. ${run("pgmoor-backup")}, and see its log if it fails`,
    );
  if (backup.proved === null) return step(`no backup of it was ever restored. ${run("pgmoor-restore-test")}`);
  return [];
}
