/** The Nomad job of the central PostgreSQL: a pure function from data to the API's JSON. */
import { Duration } from "../../nomad/duration";
import type { Disconnect, Job, Task, TaskGroup } from "../../nomad/job";
import { envFile, envLine, withSecret } from "../../nomad/template";
import { versionMeta, versionOf } from "../../nomad/version";
import { volumeRequests } from "../../nomad/volume";
import type { Program } from "../../services/definition";
import {
  serverDataDirectory,
  serverGroupName,
  serverJobName,
  type ServerJob,
} from "../../services/server-job";
import { programMounts, programOf, resourcesOf, vaultAccess } from "../job/parts";
import { inRegion, onNode } from "../job/place";
import { ownDeployment, replacements, restarts } from "../job/policies";
import { certificateFile, certificateSettings } from "./certificate";
import { hbaFile, hbaPath } from "./hba";
import { computedSettings, preloadSetting } from "./settings";

export interface ServerJobProps {
  readonly job: ServerJob;
  /** The image, unless the job has a program of its own. */
  readonly image: string;
  readonly preload: readonly string[];
  readonly maxConnections: number;
  /** Its service in Consul. */
  readonly service: string;
  readonly datacenter: string;
  readonly namespace: string;
  /** @default that of the server that gets the job */
  readonly region?: string | undefined;
  /** The KV v2 secret with the admin's `username` and `password`. */
  readonly admin: { readonly mount: string; readonly secret: string };
  /** Whether the environment has a monitoring. */
  readonly watched: boolean;
  /** The JWT role of Vault that the job's workload identity logs in to. */
  readonly vaultRole: string;
}

/** From the start of the server until it is healthy: it may have a log to replay. */
export const serverDeadlines = { healthy: Duration.minutes(10), terraform: Duration.minutes(15) } as const;

/** Two servers must never run on the same data. So nobody replaces one whose node is away; it goes on when the node is back. */
const disconnect: Disconnect = {
  LostAfter: Duration.hours(90 * 24).nanoseconds,
  Replace: false,
  Reconcile: "keep_original",
};

const taskName = "postgres";
const portLabel = "postgres";

export function serverJob(props: ServerJobProps): Job {
  const { job, datacenter, namespace, region } = props;
  const name = serverJobName(job);
  return {
    ID: name,
    Name: name,
    Namespace: namespace,
    ...inRegion(region),
    Type: "service",
    Datacenters: [datacenter],
    Constraints: onNode(job.node),
    // A setting with which it does not start puts the job back to the one it had.
    Update: ownDeployment("checks", serverDeadlines.healthy),
    TaskGroups: [taskGroup(props)],
  };
}

function taskGroup(props: ServerJobProps): TaskGroup {
  const { job, service } = props;
  const Tasks = [serverTask(props)];
  const Volumes = volumeRequests(Tasks.flatMap(({ VolumeMounts = [] }) => VolumeMounts));
  const Networks: TaskGroup["Networks"] = [
    { Mode: "host", ReservedPorts: [job.port.toApi(portLabel)], DynamicPorts: [] },
  ];
  return {
    Name: serverGroupName(job),
    Count: 1,
    Meta: { [versionMeta]: versionOf({ Networks, Volumes, Tasks }) },
    Networks,
    Services: [
      {
        Name: service,
        Provider: "consul",
        PortLabel: portLabel,
        Tags: [],
        Checks: [
          {
            Name: "accepts connections",
            Type: "script",
            Command: job.binaries === undefined ? "pg_isready" : `${job.binaries}/pg_isready`,
            Args: ["--quiet", "--host=127.0.0.1", `--port=${job.port.host}`],
            TaskName: taskName,
            Interval: Duration.seconds(5).nanoseconds,
            Timeout: Duration.seconds(5).nanoseconds,
          },
        ],
      },
    ],
    Volumes,
    RestartPolicy: restarts,
    ReschedulePolicy: replacements,
    Disconnect: disconnect,
    Tasks,
  };
}

function serverTask(props: ServerJobProps): Task {
  const { job, admin, vaultRole } = props;
  const program = programOfServer(props);
  return {
    Name: taskName,
    ...withSharedMemory(
      programOf(program, program.driver === "exec" ? { args: settingArgs(props) } : {}),
      job,
    ),
    // On SIGTERM it would wait for the services' sessions until it is killed.
    KillSignal: "SIGINT",
    KillTimeout: Duration.seconds(30).nanoseconds,
    Env: {
      PGDATA: serverDataDirectory(job),
      // Only for a data directory that is still empty.
      POSTGRES_DB: "postgres",
      POSTGRES_INITDB_ARGS: "--data-checksums --encoding=UTF8 --locale=C --auth=scram-sha-256",
    },
    Vault: vaultAccess(vaultRole),
    Templates: [
      envFile(
        "secrets/admin.env",
        withSecret(admin.mount, admin.secret, (field) =>
          [envLine("POSTGRES_USER", field("username")), envLine("POSTGRES_PASSWORD", field("password"))].join(
            "",
          ),
        ),
        "noop",
      ),
      hbaFile({
        mount: admin.mount,
        adminSecret: admin.secret,
        watched: props.watched,
        further: job.hba,
        encryptedOnly: job.tls?.only === true,
      }),
      ...(job.tls === undefined ? [] : [certificateFile(job.tls, props.image, portLabel)]),
    ],
    VolumeMounts: [job.volume.toApi(), ...programMounts(program)],
    Resources: resourcesOf(job.resources),
  };
}

/** Parallel queries share memory by files in /dev/shm, of which a container has 64 MB by default. */
function withSharedMemory<T extends Pick<Task, "Driver" | "Config">>(task: T, { resources }: ServerJob): T {
  if (task.Driver !== "docker") return task;
  return { ...task, Config: { ...task.Config, shm_size: resources.memory.mebibytes * 1024 * 256 } };
}

/** The image's own entrypoint makes the data directory where there is none, and starts the server. */
function programOfServer(props: ServerJobProps): Program {
  const { job, image } = props;
  return (
    job.program ?? { driver: "docker", image, network: "host", args: ["postgres", ...settingArgs(props)] }
  );
}

/** The settings, as the server's command line has them. None is a secret. */
function settingArgs({ job, preload, maxConnections }: ServerJobProps): string[] {
  const settings: Record<string, string> = {
    ...computedSettings({ memory: job.resources.memory, maxConnections }),
    port: String(job.port.host),
    hba_file: hbaPath,
    shared_preload_libraries: preloadSetting(preload),
    ...(job.tls === undefined ? {} : certificateSettings),
    ...job.settings,
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}
