/** A batch job that does what a cutover's migration tasks would do, with a copy of the source and a scratch database. */
import type { BatchJob, Network, Task, TaskGroup } from "../../nomad/job";
import { volumeRequests } from "../../nomad/volume";
import type { AnySource } from "../../services/job-definition";
import type { App } from "./app";
import { appOf } from "./app-of";
import { migrationTasks } from "./migration-tasks";
import { migratorTask, snapshotsRequest } from "./migrator-task";
import { noRestarts } from "./policies";
import { schemaNeedsPort, schemaPortLabel, type ServiceJobProps } from "./props";

/** Name of the batch job, and of its role in Vault. */
export function rehearsalName(service: string): string {
  return `pgmoor-rehearsal-${service}`;
}

/**
 * @param props with the scratch database's connection, and the rehearsal's own role in Vault
 * @param node where the service runs: the source is there
 */
export function rehearsalJob(props: ServiceJobProps, source: AnySource, node: string): BatchJob {
  const app = appOf(props, { kind: "moving", source });
  const Tasks = tasksOf(props, app, source).map(onlyReading);
  const name = rehearsalName(props.definition.name);
  const { Namespace, Region, Datacenters, NodePool, VaultNamespace, TaskGroups } = app.job;
  const given = { Namespace, Region, Datacenters, NodePool, VaultNamespace };
  return {
    ...(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as typeof given),
    ID: name,
    Name: name,
    Type: "batch",
    Constraints: [{ LTarget: "${node.unique.id}", RTarget: node, Operand: "=" }],
    TaskGroups: [
      {
        Name: name,
        Count: 1,
        Networks: networksOf(TaskGroups[app.group]!, source),
        Volumes: {
          ...volumeRequests(Tasks.flatMap(({ VolumeMounts = [] }) => VolumeMounts)),
          ...snapshotsRequest(props),
        },
        RestartPolicy: noRestarts,
        ReschedulePolicy: { Attempts: 0, Unlimited: false },
        Tasks,
      },
    ],
  };
}

/** As the service's, without its ports, which are in use. */
function networksOf({ Networks = [] }: TaskGroup, source: AnySource): Network[] {
  const [first = { Mode: "host" as const }] = Networks;
  const DynamicPorts = schemaNeedsPort(source) ? [{ Label: schemaPortLabel }] : [];
  return [{ ...first, ReservedPorts: [], DynamicPorts }];
}

function tasksOf(props: ServiceJobProps, app: App, source: AnySource): Task[] {
  const rehearse = migratorTask(props, app, source, {
    name: "rehearse",
    hook: "prestart",
    source: "to read",
    resources: { CPU: 500, MemoryMB: 512 },
  });
  // The data of a PostgreSQL that runs cannot be copied: it is only looked at, and has no other task.
  if (source.kind === "postgres") return [rehearse];
  const [, ...peer] = migrationTasks(props, app, source).before;
  return [rehearse, ...peer];
}

/** Side by side, and neither before nor after another. No volume is written to: not that of the snapshots, either. */
function onlyReading({ Lifecycle: _, ...task }: Task): Task {
  const mounts = task.VolumeMounts ?? [];
  return { ...task, VolumeMounts: mounts.map((mount) => ({ ...mount, ReadOnly: true })) };
}
