/** The Nomad job of a service in a phase: a pure function from data to the API's JSON. */
import type { Job, Task, TaskGroup } from "../../nomad/job";
import { volumeRequests } from "../../nomad/volume";
import { appTasks } from "./app-tasks";
import { deploymentDeadlines } from "./deadlines";
import { migrationTasks } from "./migration-tasks";
import type { TasksAround } from "./migrator-task";
import { disconnect, progressDeadline, replacements, restarts } from "./policies";
import { modeOf, portLabel, schemaPortLabel, type Mode, type ServiceJobProps } from "./props";
import { rollbackTasks } from "./rollback-tasks";
import { phaseMeta, returningPhase } from "../../nomad/phase";
import { versionMeta, versionOf } from "../../nomad/version";

export function serviceJob(props: ServiceJobProps): Job {
  const { definition } = props;
  const mode = modeOf(props);
  const deadlines = deploymentDeadlines(definition, mode);
  return {
    ID: definition.name,
    Name: definition.name,
    Namespace: props.namespace,
    Type: "service",
    Datacenters: [props.datacenter],
    Update: {
      MaxParallel: 1,
      HealthCheck: "checks",
      MinHealthyTime: deadlines.minHealthy.nanoseconds,
      HealthyDeadline: deadlines.healthy.nanoseconds,
      ProgressDeadline: progressDeadline(mode, deadlines.healthy).nanoseconds,
      AutoRevert: true,
    },
    TaskGroups: [taskGroup(props, mode)],
  };
}

function taskGroup(props: ServiceJobProps, mode: Mode): TaskGroup {
  const { name, port, health } = props.definition;
  const Tasks = tasksOf(props, mode);
  const Volumes = volumeRequests(Tasks.flatMap(({ VolumeMounts }) => VolumeMounts));
  const Networks: TaskGroup["Networks"] = [
    {
      Mode: "host",
      ReservedPorts: [port.toApi(portLabel)],
      DynamicPorts: buildsOnPort(mode) ? [{ Label: schemaPortLabel }] : [],
    },
  ];
  return {
    Name: name,
    Count: 1,
    Meta: { [versionMeta]: versionOf({ Networks, Volumes, Tasks }), ...phaseOf(props, mode) },
    Networks,
    Services: [
      {
        Name: name,
        Provider: "consul",
        PortLabel: portLabel,
        Tags: traefikTags(props),
        Checks: [health.toApi("health")],
      },
    ],
    Volumes,
    RestartPolicy: restarts,
    ReschedulePolicy: replacements,
    Disconnect: disconnect,
    Tasks,
  };
}

/** A plan reads it from the running job: which phase may follow depends on where the data is. */
function phaseOf({ phase }: ServiceJobProps, mode: Mode): TaskGroup["Meta"] {
  if (mode.kind === "returning") return { [phaseMeta]: returningPhase };
  return mode.kind === "on-source" || phase === "prepared" ? {} : { [phaseMeta]: phase };
}

function tasksOf(props: ServiceJobProps, mode: Mode): Task[] {
  const { before, after } = tasksAround(props, mode);
  return [...before, ...appTasks(props, mode), ...after];
}

/** The tasks that run before the app starts, and those that run after. */
function tasksAround(props: ServiceJobProps, mode: Mode): TasksAround {
  switch (mode.kind) {
    case "moving":
      return migrationTasks(props, mode.source);
    case "returning":
      return rollbackTasks(props, mode.source, mode.rollback);
    case "on-source":
    case "on-server":
      return { before: [], after: [] };
  }
}

/** Whether the app itself runs to build its schema, and needs a port for that. */
function buildsOnPort(mode: Mode): boolean {
  return mode.kind === "moving" && mode.source.kind === "sqlite" && mode.source.schema.kind === "app";
}

function traefikTags({ definition, domain }: ServiceJobProps): string[] {
  const router = `traefik.http.routers.${definition.name}`;
  return [
    "traefik.enable=true",
    `${router}.rule=Host(\`${definition.name}.${domain}\`)`,
    `${router}.entrypoints=websecure`,
    `${router}.tls=true`,
    ...(definition.middlewares?.length ? [`${router}.middlewares=${definition.middlewares.join(",")}`] : []),
  ];
}
