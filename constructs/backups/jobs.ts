/** The Nomad jobs that back up and restore: pure functions from data to the API's JSON. */
import type { BatchGroup, BatchJob, Periodic } from "../../nomad/batch-job";
import { Duration } from "../../nomad/duration";
import type { Job, Task, TaskGroup } from "../../nomad/job";
import { versionMeta, versionOf } from "../../nomad/version";
import { volumeRequests } from "../../nomad/volume";
import { backupJobs } from "../../services/server-job";
import { inRegion, onNode } from "../job/place";
import { disconnect, noRestarts, ownDeployment, replacements, restarts } from "../job/policies";
import type { BackupJobsProps } from "./props";
import { backupTask, scratchServerTask } from "./tasks";

/** All of them. Restoring the whole server takes a server whose volume pgmoor knows. */
export function backupJobsOf(props: BackupJobsProps): (Job | BatchJob)[] {
  return [
    walJob(props),
    backupJob(props),
    testJob(props),
    restoreJob(props),
    ...(props.server.job === undefined ? [] : [restoreAllJob(props)]),
  ];
}

/** Receives the server's WAL for ever, and copies it into the repository. */
function walJob(props: BackupJobsProps): Job {
  const name = backupJobs.wal;
  const tasks = [
    backupTask(props, {
      command: "receive-wal",
      job: name,
      resources: undefined,
      forEver: true,
    }),
  ].map((task) => ({ ...task, Resources: { CPU: 100, MemoryMB: 256 } }));
  return {
    ...common(props, name, props.backups.node),
    Type: "service",
    Update: ownDeployment("task_states", Duration.minutes(5)),
    TaskGroups: [
      {
        ...group(name, tasks),
        Services: [],
        RestartPolicy: restarts,
        ReschedulePolicy: replacements,
        Disconnect: { ...disconnect, Replace: false, Reconcile: "keep_original" },
      },
    ],
  };
}

function backupJob(props: BackupJobsProps): BatchJob {
  const { schedule = "0 3 * * *", timeZone, resources, node } = props.backups;
  const name = backupJobs.backup;
  return {
    ...common(props, name, node),
    Type: "batch",
    Periodic: periodic(schedule, timeZone),
    TaskGroups: [batchGroup(name, [backupTask(props, { command: "backup", job: name, resources })])],
  };
}

function testJob(props: BackupJobsProps): BatchJob {
  const { testSchedule = "0 5 * * *", timeZone, resources, node } = props.backups;
  const name = backupJobs.test;
  return {
    ...common(props, name, node),
    Type: "batch",
    Periodic: periodic(testSchedule, timeZone),
    TaskGroups: [
      batchGroup(name, [
        scratchServerTask(props, {}),
        backupTask(props, { command: "test-restore", job: name, resources }),
      ]),
    ],
  };
}

/** One database, when somebody dispatches it. */
function restoreJob(props: BackupJobsProps): BatchJob {
  const { resources, node } = props.backups;
  const name = backupJobs.restore;
  return {
    ...common(props, name, node),
    Type: "batch",
    ParameterizedJob: {
      Payload: "forbidden",
      MetaRequired: ["database", "as"],
      MetaOptional: ["at", "backup"],
    },
    TaskGroups: [
      batchGroup(name, [
        scratchServerTask(props, {}),
        backupTask(props, { command: "restore", job: name, resources }),
      ]),
    ],
  };
}

/** The server's whole data directory, when somebody dispatches it: on the server's own client. */
function restoreAllJob(props: BackupJobsProps): BatchJob {
  const restores = props.server.job!;
  const name = backupJobs.restoreAll;
  return {
    ...common(props, name, restores.node),
    Type: "batch",
    ParameterizedJob: { Payload: "forbidden", MetaRequired: [], MetaOptional: ["at", "backup"] },
    TaskGroups: [
      batchGroup(name, [
        scratchServerTask(props, { restores }),
        backupTask(props, {
          command: "restore-all",
          job: name,
          resources: props.backups.resources,
          restores,
        }),
      ]),
    ],
  };
}

function common({ datacenter, namespace, region }: BackupJobsProps, name: string, node: string | undefined) {
  return {
    ID: name,
    Name: name,
    Namespace: namespace,
    ...inRegion(region),
    Datacenters: [datacenter],
    Constraints: onNode(node),
  };
}

function periodic(Spec: string, TimeZone = "UTC"): Periodic {
  return { Enabled: true, SpecType: "cron", Spec, TimeZone, ProhibitOverlap: true };
}

function group(name: string, Tasks: readonly Task[]) {
  const Networks: TaskGroup["Networks"] = [];
  const Volumes = volumeRequests(Tasks.flatMap(({ VolumeMounts = [] }) => VolumeMounts));
  return {
    Name: name,
    Count: 1,
    Meta: { [versionMeta]: versionOf({ Networks, Volumes, Tasks }) },
    Networks,
    Volumes,
    Tasks,
  };
}

/** It fails once and for all: whoever waits for it is told, and the next run is another one. */
function batchGroup(name: string, tasks: readonly Task[]): BatchGroup {
  return {
    ...group(name, tasks),
    RestartPolicy: noRestarts,
    ReschedulePolicy: { Attempts: 0, Unlimited: false },
  };
}
