/** What of a job Nomad changes in place, and what makes it start its tasks anew (its `tasksUpdated`, scheduler/util.go). */
import type { Difference } from "./diff";
import { restartsOnSecret } from "./jobspec";
import { jobAfter, jobBefore, type Change } from "./stack";

/** Parts of a task, a group and a job that are changed in place. */
const inPlace = {
  task: new Set([
    "KillTimeout",
    "KillSignal",
    "RestartPolicy",
    "Services",
    "LogConfig",
    "Leader",
    "ShutdownDelay",
  ]),
  group: new Set([
    "Count",
    "Services",
    "RestartPolicy",
    "ReschedulePolicy",
    "Update",
    "Constraints",
    "Affinities",
    "Spreads",
    "Scaling",
    "Disconnect",
    "ShutdownDelay",
  ]),
  job: new Set(["Update", "Priority", "Constraints", "Affinities", "Spreads", "Name", "JobModifyIndex"]),
};

/** The differences of a job that restart its tasks, shortened: `vaultwarden.Config.image`. */
export function restartPaths(change: Change): string[] {
  if (jobBefore(change) === undefined || jobAfter(change) === undefined) return [];
  const paths = change.differences
    .map(({ path }) => /^jobspec\.(.+)$/.exec(path)?.[1])
    .filter((path) => path !== undefined && !isInPlace(path))
    .map((path) => shortPath(path!).replace(/(\]).\w+$/, "$1"));
  return [...new Set(paths)];
}

function isInPlace(path: string): boolean {
  const [, task] = /^TaskGroups\[.+?\]\.Tasks\[.+?\]\.(\w+)/.exec(path) ?? [];
  if (task !== undefined) return inPlace.task.has(task);
  const [, group] = /^TaskGroups\[.+?\]\.(\w+)/.exec(path) ?? [];
  if (group !== undefined) return inPlace.group.has(group);
  return inPlace.job.has(/^\w+/.exec(path)?.[0] ?? "");
}

/**
 * Whether the job changes in nothing but what is put back of a change by hand: `JobModifyIndex` is the jobspec's note of the
 * version that was changed, which Nomad ignores.
 */
export function putsBackOnly({ differences }: Change): boolean {
  return differences.length > 0 && differences.every(({ path }) => path === "jobspec.JobModifyIndex");
}

/** Whether a new password in one of these secrets restarts the job. */
export function rotationRestarts(job: Change, changes: readonly Change[]): boolean {
  return changes.some(
    ({ type, action, before, after }) =>
      type === "vault_kv_secret_v2" &&
      action === "update" &&
      before.data_json_wo_version !== after.data_json_wo_version &&
      restartsOnSecret(jobAfter(job), String(after.name)),
  );
}

/** Whether nothing of the job changes but the version of the password, which restarts its tasks. */
export function changesPasswordOnly({ differences }: Change): boolean {
  return differences.length > 0 && differences.every(isPasswordVersion);
}

const passwordVersion = "pgmoor_password_version";

/** The member alone, or the whole of a `Meta` that had nothing before or has nothing any more. */
function isPasswordVersion({ path, before, after }: Difference): boolean {
  const [, member] = /\.Tasks\[.+?\]\.Meta(?:\.(\w+))?$/.exec(path) ?? [undefined, ""];
  if (member !== undefined) return member === passwordVersion;
  return [before, after].every((meta) => Object.keys(meta ?? {}).every((key) => key === passwordVersion));
}

/** Without the group, of which there is one. */
export function shortPath(path: string): string {
  return path
    .replace(/^TaskGroups\[.+?\]\.(?:Tasks\[(.+?)\])?/, (_all, task?: string) => task ?? "")
    .replace(/^\./, "");
}
