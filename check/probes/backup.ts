/** Whether what is on the server has a backup: a new one, that was restored for a test. For an environment that has backups. */
import { databaseName } from "../../services/definition";
import { backupStatus, backupSteps } from "../../status/backups";
import { isTold } from "../../status/report";
import { backupsSeen } from "../../survey/backups";
import { newestBackupText } from "../../survey/newest-backup";
import type { CheckedService, Probe } from "../probe";

export const backup: Probe = {
  name: "backup",
  needs: ["postgres"],
  async look({ environment, services, place, admin }) {
    if (typeof admin === "string" || place === undefined) return {};
    const seen = await backupsSeen(environment, place, admin);
    if (typeof seen === "string") return { notChecked: [`PostgreSQL ${seen}`] };
    const now = new Date();
    const own = services.filter(isOnServer).flatMap(({ service, name }) => {
      const newest = backupStatus(environment, seen, databaseName(service.definition), now);
      return backupSteps(environment, newest, true).map(({ how }) => ({ service: name, what: how }));
    });
    const failed = seen.failures.map(({ kind, ended, message }) => ({
      service: null,
      what: `the last ${kind === "backup" ? "backup" : "test of a backup"} failed at ${ended.toISOString()}: ${message}`,
    }));
    const trouble = seen.wal?.trouble;
    const wal =
      trouble == null ? [] : [{ service: null, what: `the WAL does not reach the repository: ${trouble}` }];
    const notes = [{ service: null, what: newestBackupText(seen, now) }];
    return { problems: [...own, ...failed, ...wal], notes };
  },
};

/** One on its source has nothing there yet. */
function isOnServer({ service, job }: CheckedService): boolean {
  if (!isTold(job) || job.phase === null) return false;
  return service.definition.source === undefined || job.phase !== "prepared";
}
