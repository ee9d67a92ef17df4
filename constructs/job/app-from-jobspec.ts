/** The job that somebody wrote: kept as it is, but for what its database needs. */
import type { Task, TaskGroup, Update } from "../../nomad/job";
import { addressOf, hasOwnNetwork } from "../../services/job-ports";
import { groupIndex, type JobDefinition, type TaskSource } from "../../services/job-definition";
import type { App, Mounted } from "./app";
import { changedJob } from "./change";
import { deploymentDeadlines } from "./deadlines";
import { mountOf, mountsOf } from "../../nomad/mounts";
import { onServer, templatesWithoutDatabase, withoutDatabase, withoutServer } from "./jobspec/on-server";
import { runOtherwise } from "./jobspec/run-otherwise";
import { deployment, replacements } from "./policies";
import { appSourceOf, carriesData, sideOf, type Mode, type ServiceJobProps } from "./props";

export type JobspecProps = ServiceJobProps & { readonly definition: JobDefinition };

export function appFromJobspec(given: JobspecProps, mode: Mode): App {
  const jobspec = changedJob(given.definition, given.definition.jobspec, sideOf(mode));
  const props = { ...given, definition: { ...given.definition, jobspec } };
  const { definition } = props;
  const { source, tasks } = definition;
  const at = groupIndex(jobspec, tasks);
  const group = jobspec.TaskGroups[at]!;
  const taskOf = (name: string): Task => group.Tasks.find(({ Name }) => Name === name)!;
  const app = taskOf(tasks[0]);
  const ofServer = source?.kind === "postgres" ? taskOf(source.task) : undefined;
  const changed = changesNothing(mode, definition, group) ? group : changedGroup(props, mode, group);
  return {
    job: { ...jobspec, TaskGroups: jobspec.TaskGroups.map((one, index) => (index === at ? changed : one)) },
    group: at,
    health: {
      address: addressOf(definition.health.port, group, app),
      path: definition.health.path,
    },
    bridged: hasOwnNetwork(group),
    untouched: changed === group,
    schema: (run) =>
      runOtherwise(withoutDatabase(definition, app), run, templatesWithoutDatabase(definition, app)),
    server: (run) =>
      runOtherwise(
        ofServer!,
        run,
        (ofServer!.Templates ?? []).filter(({ Envvars }) => Envvars !== true),
      ),
    mountSource: (path, access) => mountSource(ofServer ?? app, pathOf(source!), path, access),
    seenAt: (path, file) => path + file.slice(mountOf(ofServer ?? app, file)!.path.length),
  };
}

/** A job on its source is left alone, but for one that has no deployments. */
function changesNothing(mode: Mode, { jobspec }: JobDefinition, group: TaskGroup): boolean {
  return mode.kind === "on-source" && { ...jobspec.Update, ...group.Update }.MaxParallel !== 0;
}

/** What of the source lies in a volume: the file, or the folder of the server's data. */
function pathOf(source: NonNullable<JobDefinition["source"]>): string {
  return source.kind === "sqlite" ? source.file : source.data;
}

function mountSource(task: Task, file: string, path: string, access: "to read" | "to write"): Mounted {
  const { kind, source } = mountOf(task, file)!;
  if (kind === "docker")
    return { mounts: [], binds: [`${source}:${path}${access === "to read" ? ":ro" : ""}`] };
  return {
    mounts: [{ Volume: source, Destination: path, ReadOnly: access === "to read" }],
    binds: [],
  };
}

function changedGroup(props: JobspecProps, mode: Mode, group: TaskGroup): TaskGroup {
  const { definition, phase } = props;
  const { source, tasks, jobspec } = definition;
  const onSource = appSourceOf(mode) !== undefined;
  const own = source?.kind === "postgres" && !onSource ? withoutServer(group, source) : group;
  const Tasks = onSource
    ? own.Tasks
    : own.Tasks.map((task) => (tasks.includes(task.Name) ? onServer(props, task) : task));
  const { Unlimited } = group.ReschedulePolicy ?? { Unlimited: true };
  return {
    ...own,
    ...(phase === "settled" && source?.kind === "postgres" ? withoutVolume(own, group, source) : {}),
    ...updateOf(definition, mode, { ...jobspec.Update, ...group.Update }),
    // Else a migration task that fails once would leave the job dead.
    ...(carriesData(mode) && Unlimited !== true ? { ReschedulePolicy: replacements } : {}),
    Tasks,
  };
}

/** A job without deployments has no version that Nomad could go back to. */
function updateOf(definition: JobDefinition, mode: Mode, update: Update): Pick<TaskGroup, "Update"> {
  if (!carriesData(mode))
    return update.MaxParallel === 0 ? { Update: { ...update, MaxParallel: 1, Canary: 0 } } : {};
  return {
    Update: {
      ...update,
      ...deployment(mode, deploymentDeadlines(definition, mode)),
      // Two versions at a time would write to two databases.
      Canary: 0,
      AutoPromote: false,
    },
  };
}

/** A settled job asks for no volume that only its own PostgreSQL had. */
function withoutVolume(
  { Tasks, Volumes = {} }: TaskGroup,
  before: TaskGroup,
  { task, data }: TaskSource,
): Pick<TaskGroup, "Volumes"> {
  const held = mountOf(
    before.Tasks.find(({ Name }) => Name === task)!,
    data,
  );
  const used = Tasks.some((one) => mountsOf(one).some(({ source }) => source === held?.source));
  return {
    Volumes: Object.fromEntries(Object.entries(Volumes).filter(([name]) => used || name !== held?.source)),
  };
}
