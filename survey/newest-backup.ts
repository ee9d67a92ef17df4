/** The newest backup of the server, before a service moves there: what a plan says of it, and whether a move may begin. */
import type { Environment, EnvironmentService } from "../environments/model/environment";
import type { BackupsSeen, DatabaseBackup } from "./backups";
import type { Found } from "./found";

const hourMilliseconds = 3_600_000;

function newestOf({ databases }: BackupsSeen): DatabaseBackup | undefined {
  return [...databases.values()].sort((a, b) => b.made.getTime() - a.made.getTime())[0];
}

/** The newest backup in a sentence. @param seen what the server says, or why nobody could tell */
export function newestBackupText(seen: BackupsSeen | string, now = new Date()): string {
  if (typeof seen === "string") return `Nobody knows when the newest backup was made: PostgreSQL ${seen}.`;
  const newest = newestOf(seen);
  if (newest === undefined) return "The server has no backup.";
  const hours = Math.floor((now.getTime() - newest.made.getTime()) / hourMilliseconds);
  const proved =
    newest.proved === null
      ? "none was restored for a test yet"
      : `one was last restored for a test at ${newest.proved.toISOString()}`;
  return `The newest backup of the server is ${newest.id}, made at ${newest.made.toISOString()} (${hours} hours ago); ${proved}.`;
}

/** Whether a deploy moves the service to the server: it is in `cutover`, and runs on its source. */
export function moves(
  { phase, definition }: EnvironmentService,
  { onServer }: Pick<Found, "onServer">,
): boolean {
  return phase === "cutover" && definition.source !== undefined && onServer !== true;
}

/** Why a move that demands a backup must not begin; undefined: it may. */
export function backupStop(
  { backups, nomad }: Environment,
  { definition, cutoverNeeds }: EnvironmentService,
  seen: BackupsSeen | string,
  now = new Date(),
): string | undefined {
  if (cutoverNeeds === undefined) return undefined;
  const timeZone = backups?.timeZone ?? "UTC";
  const day = (date: Date) => new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" }).format(date);
  const newest = typeof seen === "string" ? undefined : newestOf(seen);
  if (newest !== undefined && day(newest.made) === day(now)) return undefined;
  return `The cutover of ${definition.name} needs a backup of today (cutoverNeeds), ${day(now)} in ${timeZone}. ${newestBackupText(seen, now)} Run nomad job periodic force -namespace ${nomad.namespace} pgmoor-backup, wait for its end, then deploy again.`;
}
