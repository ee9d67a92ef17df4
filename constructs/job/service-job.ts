/** The Nomad job of a service in a phase: a pure function from data to the API's JSON. */
import type { Job, Network, Task, TaskGroup, VolumeMount, VolumeRequest } from "../../nomad/job";
import { phaseMeta, returningPhase } from "../../nomad/phase";
import { versionMeta, versionOf } from "../../nomad/version";
import { volumeRequests } from "../../nomad/volume";
import type { App } from "./app";
import { appOf } from "./app-of";
import { migrationTasks } from "./migration-tasks";
import { snapshotsRequest, type TasksAround } from "./migrator-task";
import { modeOf, schemaNeedsPort, schemaPortLabel, type Mode, type ServiceJobProps } from "./props";
import { rollbackTasks } from "./rollback-tasks";

export function serviceJob(props: ServiceJobProps): Job {
  const mode = modeOf(props);
  const app = appOf(props, mode);
  if (app.untouched) return app.job;
  return {
    ...app.job,
    TaskGroups: app.job.TaskGroups.map((group, index) =>
      index === app.group ? withOwnTasks(props, app, mode, group) : group,
    ),
  };
}

/** The place of the service's group in its job. */
export function serviceGroup(props: ServiceJobProps): number {
  return appOf(props, modeOf(props)).group;
}

/** The group with the tasks that carry data, and with what they need. */
function withOwnTasks(props: ServiceJobProps, app: App, mode: Mode, group: TaskGroup): TaskGroup {
  const { before, after } = tasksAround(props, app, mode);
  const Tasks = [...before, ...group.Tasks, ...after];
  const Networks = buildsOnPort(mode) ? withPort(group.Networks ?? []) : (group.Networks ?? []);
  const own = [...before, ...after];
  const requests = { ...(own.length > 0 ? snapshotsRequest(props) : {}), ...group.Volumes };
  const Volumes = withVolumes(requests, Tasks, own);
  return {
    ...group,
    Meta: {
      ...group.Meta,
      [versionMeta]: versionOf({ Networks, Volumes, Tasks }),
      ...phaseOf(props, mode),
    },
    Networks,
    Volumes,
    Tasks,
  };
}

/** A plan reads it from the running job: which phase may follow depends on where the data is. */
function phaseOf({ phase }: ServiceJobProps, mode: Mode): TaskGroup["Meta"] {
  if (mode.kind === "returning") return { [phaseMeta]: returningPhase };
  return mode.kind === "on-source" || phase === "prepared" ? {} : { [phaseMeta]: phase };
}

/** The tasks that run before the app starts, and those that run after. */
function tasksAround(props: ServiceJobProps, app: App, mode: Mode): TasksAround {
  switch (mode.kind) {
    case "moving":
      return migrationTasks(props, app, mode.source);
    case "returning":
      return rollbackTasks(props, app, mode.source, mode.rollback);
    case "on-source":
    case "on-server":
      return { before: [], after: [] };
  }
}

/** Whether the app itself runs to build its schema, and needs a port for that. */
function buildsOnPort(mode: Mode): boolean {
  return mode.kind === "moving" && schemaNeedsPort(mode.source);
}

function withPort([first = {}, ...others]: readonly Network[]): Network[] {
  return [{ ...first, DynamicPorts: [...(first.DynamicPorts ?? []), { Label: schemaPortLabel }] }, ...others];
}

/** The group's requests, and those that the mounts of pgmoor's own tasks need besides, in the order in which tasks mount them. */
function withVolumes(
  present: Readonly<Record<string, VolumeRequest>>,
  tasks: readonly Task[],
  own: readonly Task[],
): Record<string, VolumeRequest> {
  const mounts = mountsOf(tasks);
  const needed = volumeRequests(mounts.filter(({ Volume }) => requestOf(present, Volume) === undefined));
  const order = [...new Set([...mounts.map(({ Volume }) => Volume), ...Object.keys(present)])];
  return Object.fromEntries(
    order.map((name) => {
      const request = requestOf(present, name);
      if (request === undefined) return [name, needed[name]!];
      return [name, { ...request, ReadOnly: Boolean(request.ReadOnly) && onlyRead(mountsOf(own), name) }];
    }),
  );
}

function mountsOf(tasks: readonly Task[]): VolumeMount[] {
  return tasks.flatMap(({ VolumeMounts = [] }) => VolumeMounts);
}

function requestOf(
  requests: Readonly<Record<string, VolumeRequest>>,
  name: string,
): VolumeRequest | undefined {
  return Object.hasOwn(requests, name) ? requests[name] : undefined;
}

function onlyRead(mounts: readonly VolumeMount[], name: string): boolean {
  return mounts.every(({ Volume, ReadOnly }) => Volume !== name || ReadOnly === true);
}
