import { createHash } from "node:crypto";
import type { TaskGroup } from "./job";

/** The group's metadata that tells one version of a job from another. The provider reads it back from the job that runs. */
export const versionMeta = "pgmoor_version";

/**
 * A fingerprint of what makes Nomad replace an allocation when it changes. What changes in place (policies, services) is not
 * in it, nor a task's metadata, which changes with its password.
 */
export function versionOf({
  Networks,
  Volumes,
  Tasks,
}: Pick<TaskGroup, "Networks" | "Volumes" | "Tasks">): string {
  const tasks = Tasks.map((task) => ({ ...task, Meta: undefined, RestartPolicy: undefined }));
  const text = JSON.stringify({ Networks, Volumes, tasks });
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
