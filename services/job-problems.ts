/** What is wrong with a job of somebody's, or with what a definition's `job` made of it: what pgmoor needs of it, or cannot do. */
import type { Job, Task, TaskGroup } from "../nomad/job";
import type { Service } from "../nomad/job-service";
import { isInAllocation, mountOf, mountsOf } from "../nomad/mounts";
import { dsnVariables } from "../nomad/dsn";
import { variablesIn } from "../nomad/env-template";
import { vaultReads } from "../nomad/template-reads";
import type { Side } from "./definition";
import { groupIndex, type JobDefinition } from "./job-definition";
import { hasOwnNetwork, isPort, portLabels } from "./job-ports";

export interface JobProblem {
  /** In the definition: `jobspec.TaskGroups[0].Count`. */
  readonly path: string;
  readonly message: string;
}

/** Tasks that pgmoor adds to a job. */
export const ownTasks: ReadonlySet<string> = new Set(["migrate", "schema", "source", "confirm", "roll-back"]);

/** Of the jobspec, and of what `job` makes of it on each side. */
export function jobProblems(definition: JobDefinition): JobProblem[] {
  const { jobspec, job: change } = definition;
  const problems = problemsOf(definition, jobspec, "jobspec");
  if (change === undefined || problems.length > 0) return problems;
  const sides: readonly Side[] = definition.source === undefined ? ["server"] : ["source", "server"];
  const found = sides.flatMap((side) => {
    const changed: unknown = change(jobspec, side);
    return isJob(changed)
      ? [...identityProblems(jobspec, changed), ...problemsOf(definition, changed, "job()")]
      : [{ path: "job", message: noJob }];
  });
  return found.filter(
    ({ path, message }, index) =>
      found.findIndex((one) => one.path === path && one.message === message) === index,
  );
}

export const noJob = "it returned no job. Return the whole job: (job) => ({ ...job, Priority: 80 }).";

export function isJob(value: unknown): value is Job {
  const { TaskGroups } = (value ?? {}) as Partial<Job>;
  return (
    Array.isArray(TaskGroups) &&
    TaskGroups.every((group: Partial<TaskGroup> | null) => Array.isArray(group?.Tasks))
  );
}

/** The job stays the one that runs. */
export function identityProblems(before: Job, after: Job): JobProblem[] {
  return (["ID", "Namespace", "Region"] as const)
    .filter((field) => before[field] !== after[field])
    .map((field) => ({
      path: `job().${field}`,
      message: `${JSON.stringify(after[field])} would be another job than ${JSON.stringify(before[field])}. Leave it as it is.`,
    }));
}

function problemsOf(definition: JobDefinition, job: Job, at: string): JobProblem[] {
  const { tasks, source } = definition;
  const problems: JobProblem[] = [];
  const problem = (path: string, message: string) => problems.push({ path: `${at}${path}`, message });
  if ((job.Type as string) !== "service")
    problem(
      ".Type",
      `a job of type ${JSON.stringify(job.Type)} has no deployments, in which pgmoor moves data. Allowed: "service".`,
    );
  for (const kind of ["Periodic", "ParameterizedJob"] as const)
    if ((job as Partial<Record<typeof kind, unknown>>)[kind] != null)
      problem(`.${kind}`, "such a job has no deployments, in which pgmoor moves data.");
  const index = groupIndex(job, tasks);
  const group = job.TaskGroups[index];
  if (group === undefined) {
    problem(".TaskGroups", `no group has the tasks ${tasks.join(", ")} of the definition's tasks.`);
    return problems;
  }
  const here = `.TaskGroups[${index}]`;
  if (source !== undefined && (group.Count ?? 1) !== 1)
    problem(
      `${here}.Count`,
      `${group.Count} allocations cannot share ${source.kind === "sqlite" ? "a SQLite file" : "the data of a PostgreSQL"}: a move needs a count of 1.`,
    );
  for (const [service, path] of servicesOf(group, here))
    if ((service as { Connect?: unknown }).Connect != null)
      problem(
        `${path}.Connect`,
        `the service ${service.Name ?? ""} is in Consul's service mesh, whose proxies pgmoor's tasks and the server are not part of. Take connect out of the job, or move its data by hand (docs/move-by-hand.md).`,
      );
  for (const [place, task] of group.Tasks.entries()) {
    if (ownTasks.has(task.Name))
      problem(`${here}.Tasks[${place}].Name`, `"${task.Name}" is a task that pgmoor adds. Rename it.`);
    if (!tasks.includes(task.Name)) continue;
    if (source !== undefined && task.Lifecycle?.Hook === "prestart" && task.Lifecycle.Sidecar !== true)
      problem(
        `${here}.Tasks[${place}].Lifecycle`,
        `${task.Name} uses the database before the app starts: it would run while the data is copied. Take it out of the job for the move.`,
      );
    problems.push(...unreadable(definition, task, `${at}${here}.Tasks[${place}]`));
  }
  const app = group.Tasks.find(({ Name }) => Name === tasks[0])!;
  if (!isPort(definition.health.port, group, app))
    problems.push({
      path: "health.port",
      message: `the group ${group.Name} has no port "${definition.health.port}". Allowed: ${allowedPorts(group, app)}.`,
    });
  if (app.Lifecycle != null)
    problems.push({ path: "tasks[0]", message: `${app.Name} is no main task: it has a lifecycle.` });
  problems.push(...sourceProblems(definition, group, app, `${at}${here}`));
  for (const other of job.TaskGroups.filter((one) => one !== group)) {
    const shared = sharedWith(definition, app, other);
    if (shared !== undefined)
      problem(
        ".TaskGroups",
        `the groups ${group.Name} and ${other.Name} share a database (${shared}). pgmoor moves one group. Put their tasks into one group, or move by hand (docs/move-by-hand.md).`,
      );
  }
  return problems;
}

function allowedPorts(group: TaskGroup, app: Task): string {
  const labels = portLabels(group, app);
  if (hasOwnNetwork(group)) return [...labels, "the number of a port"].join(", ");
  return labels.join(", ") || "none; give the job a port";
}

function sourceProblems({ source }: JobDefinition, group: TaskGroup, app: Task, at: string): JobProblem[] {
  if (source === undefined) return [];
  const holder = source.kind === "sqlite" ? app : group.Tasks.find(({ Name }) => Name === source.task);
  if (holder === undefined)
    return [
      {
        path: "source.task",
        message: `the group ${group.Name} has no task "${source.kind === "postgres" ? source.task : ""}". Allowed: ${group.Tasks.map(({ Name }) => Name).join(", ")}.`,
      },
    ];
  const [path, file] = source.kind === "sqlite" ? ["source.file", source.file] : ["source.data", source.data];
  const mount = mountOf(holder, file);
  if (mount === undefined)
    return [
      {
        path,
        message: `${file} is not in any volume of the task ${holder.Name} (${
          mountsOf(holder)
            .map((one) => one.path)
            .join(", ") || "it has none"
        }): it would be lost with the allocation.`,
      },
    ];
  if (isInAllocation(mount))
    return [
      {
        path,
        message: `${file} is in ${mount.source}, a folder of the allocation itself, which the allocation of the cutover does not have. Mount a volume or a folder of the host.`,
      },
    ];
  if (mount.kind === "volume" && group.Volumes?.[mount.source] === undefined)
    return [{ path: `${at}.Volumes`, message: `the group does not ask for the volume "${mount.source}".` }];
  return [];
}

/** Templates that read a secret whose path nobody can tell before they are rendered. */
function unreadable({ reads }: JobDefinition, task: Task, at: string): JobProblem[] {
  if (reads !== undefined) return [];
  return (task.Templates ?? []).flatMap(({ EmbeddedTmpl, LeftDelim, RightDelim, DestPath }, index) => {
    const { unknown } = vaultReads(EmbeddedTmpl ?? "", LeftDelim, RightDelim);
    return unknown.map((call) => ({
      path: `${at}.Templates[${index}]`,
      message: `the template of ${DestPath} reads a secret by a path that only Nomad knows (${call}). Name every path that it may read in the definition's reads: ["secret/data/…"].`,
    }));
  });
}

/** What two groups of a job have in common: the source's volume, or the same value of a variable of the DSN. */
function sharedWith({ dsn, source }: JobDefinition, app: Task, other: TaskGroup): string | undefined {
  const mount = source?.kind === "sqlite" ? mountOf(app, source.file) : undefined;
  const values = valuesOf(app);
  const variables = dsnVariables(dsn).filter((name) =>
    /url|uri|dsn|host|addr|name|database|_db$/i.test(name),
  );
  for (const task of other.Tasks) {
    if (mount?.kind === "docker" && mountsOf(task).some(({ source }) => source === mount.source))
      return mount.source;
    const found = valuesOf(task);
    const same = variables.filter(
      (name) => found.get(name) !== undefined && found.get(name) === values.get(name),
    );
    if (same.length > 0) return same.join(", ");
  }
  return undefined;
}

function valuesOf(task: Task): Map<string, string> {
  const rendered = (task.Templates ?? [])
    .filter(({ Envvars }) => Envvars === true)
    .flatMap(({ EmbeddedTmpl = "" }) => variablesIn(EmbeddedTmpl));
  return new Map([...Object.entries(task.Env ?? {}), ...rendered]);
}

function servicesOf(group: TaskGroup, at: string): [Service, string][] {
  const of = (services: readonly Service[] | undefined | null, path: string) =>
    (services ?? []).map((service, index): [Service, string] => [service, `${path}.Services[${index}]`]);
  return [
    ...of(group.Services, at),
    ...group.Tasks.flatMap(({ Services }, index) => of(Services, `${at}.Tasks[${index}]`)),
  ];
}
