/** A definition's own change of its job: what pgmoor needs of the job cannot be taken away by it. */
import { isDeepStrictEqual } from "node:util";
import type { Job, Task, TaskGroup } from "../../nomad/job";
import type { AnyDefinition, Side } from "../../services/definition";
import { identityProblems, isJob, noJob, type JobProblem } from "../../services/job-problems";

/** A definition whose `job` takes away what pgmoor needs. */
export class BrokenJob extends Error {
  constructor(readonly problems: readonly JobProblem[]) {
    super(problems.map(({ path, message }) => `${path}: ${message}`).join("; "));
  }
}

/** The job as the definition changes it. */
export function changedJob({ job: change }: AnyDefinition, job: Job, side: Side): Job {
  return change === undefined ? job : change(job, side);
}

/** What of a task only pgmoor may change: it has put it there. */
const owned = ["Vault", "Templates", "Meta"] as const;

/**
 * A job that pgmoor has made of a definition's fields, with the definition's change.
 *
 * @param needs the mount of the source, which must stay
 * @throws {BrokenJob}
 */
export function changedFields(
  definition: AnyDefinition,
  job: Job,
  side: Side,
  needs: { readonly mount?: string | undefined; readonly port: string },
): Job {
  const changed: unknown = changedJob(definition, job, side);
  if (changed === job) return job;
  if (!isJob(changed)) throw new BrokenJob([{ path: "job", message: noJob }]);
  const problems = [...identityProblems(job, changed), ...groupProblems(job, changed, needs)];
  if (!isDeepStrictEqual(job.Update, changed.Update))
    problems.push({
      path: "job().Update",
      message: "pgmoor needs it as it is, for Nomad's revert. Leave it.",
    });
  if (problems.length > 0) throw new BrokenJob(problems);
  return changed;
}

function groupProblems(
  before: Job,
  after: Job,
  { mount, port }: { readonly mount?: string | undefined; readonly port: string },
): JobProblem[] {
  const [old, now] = [before.TaskGroups[0]!, after.TaskGroups[0]];
  const at = "job().TaskGroups[0]";
  if (now?.Name !== old.Name)
    return [{ path: `${at}.Name`, message: `the first group has to be the service's, "${old.Name}".` }];
  const problems: JobProblem[] = [];
  if ((now.Count ?? 1) !== 1)
    problems.push({ path: `${at}.Count`, message: `${now.Count}: a service has one allocation.` });
  const ports = (now.Networks ?? []).flatMap(({ ReservedPorts = [] }) => ReservedPorts);
  if (!ports.some(({ Label }) => Label === port))
    problems.push({ path: `${at}.Networks`, message: `the static port "${port}" is gone. Leave it.` });
  for (const task of old.Tasks) problems.push(...taskProblems(task, now, at, mount));
  return problems;
}

function taskProblems(old: Task, group: TaskGroup, at: string, mount: string | undefined): JobProblem[] {
  const index = group.Tasks.findIndex(({ Name }) => Name === old.Name);
  const now = group.Tasks[index];
  if (now === undefined) return [{ path: `${at}.Tasks`, message: `the task ${old.Name} is gone. Leave it.` }];
  const path = `${at}.Tasks[${index}]`;
  const problems: JobProblem[] = [];
  const lost = (old.Templates ?? []).filter(
    (template) => !(now.Templates ?? []).some((one) => isDeepStrictEqual(one, template)),
  );
  for (const { DestPath } of lost)
    problems.push({
      path: `${path}.Templates`,
      message: `the template of ${DestPath} is gone or changed: the app gets its database or its secrets from it. Leave it.`,
    });
  for (const field of owned)
    if (field !== "Templates" && old[field] !== undefined && !isDeepStrictEqual(old[field], now[field]))
      problems.push({
        path: `${path}.${field}`,
        message: `pgmoor needs the ${field} that it makes. Leave it.`,
      });
  const held = (task: Task) => (task.VolumeMounts ?? []).some(({ Volume }) => Volume === mount);
  if (mount !== undefined && held(old) && !held(now))
    problems.push({
      path: `${path}.VolumeMounts`,
      message: `the source's volume ${mount} is gone. Leave it.`,
    });
  return problems;
}
