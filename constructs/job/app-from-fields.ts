/** The job of a service whose definition has a field for each part of it. */
import { dsnFile, caFile } from "../../nomad/dsn";
import { Duration } from "../../nomad/duration";
import type { Job, Task } from "../../nomad/job";
import { defaultProxy, proxyTags } from "../../nomad/proxy-tags";
import { taskVariable } from "../../nomad/template";
import { volumeRequests, type HostVolume } from "../../nomad/volume";
import type { Companion, EmbeddedSource, SecretVariable, ServiceDefinition } from "../../services/definition";
import type { App } from "./app";
import { changedFields } from "./change";
import { deploymentDeadlines } from "./deadlines";
import { embeddedServerTask } from "./embedded-server";
import { passwordMeta, programMounts, programOf, resourcesOf, secretsFile, vaultOf } from "./parts";
import { deployment, disconnect, replacements, restarts } from "./policies";
import { inRegion } from "./place";
import { appSourceOf, portLabel, sideOf, type Mode, type ServiceJobProps } from "./props";

export type FieldsProps = ServiceJobProps & { readonly definition: ServiceDefinition };

export function appFromFields(props: FieldsProps, mode: Mode): App {
  const { definition } = props;
  const { source } = definition;
  return {
    job: changedFields(definition, jobOf(props, mode), sideOf(mode), {
      mount: source === undefined || props.phase === "settled" ? undefined : sourceVolume(definition).source,
      port: portLabel,
    }),
    group: 0,
    health: {
      address: taskVariable(`NOMAD_HOST_ADDR_${portLabel}`),
      path: definition.health.path,
    },
    bridged: false,
    untouched: false,
    schema: (run) => ({
      program: programOf(definition.program, run),
      environment: definition.environment ?? {},
      before: [],
      after: secretsFile(props, definition.secrets, "noop"),
      mounts: programMounts(definition.program),
      resources: resourcesOf(definition.resources),
    }),
    server: (run) => {
      const { program, serverEnvironment = {} } = source as EmbeddedSource;
      return {
        program: programOf(program, run),
        environment: serverEnvironment,
        before: [],
        after: [],
        mounts: programMounts(program),
        resources: { CPU: 500, MemoryMB: 512 },
      };
    },
    mountSource: (path, access) => {
      const volume = sourceVolume(definition).at(path);
      return { mounts: [(access === "to read" ? volume.readOnly() : volume).toApi()], binds: [] };
    },
    seenAt: (path, file) => path + file.slice(sourceVolume(definition).path.length),
  };
}

function jobOf(props: FieldsProps, mode: Mode): Job {
  const { definition } = props;
  const { name, port, health } = definition;
  const deadlines = deploymentDeadlines(definition, mode);
  const Tasks = tasksOf(props, mode);
  return {
    ID: name,
    Name: name,
    Namespace: props.namespace,
    ...inRegion(props.region),
    Type: "service",
    Datacenters: [props.datacenter],
    Update: deployment(mode, deadlines),
    TaskGroups: [
      {
        Name: name,
        Count: 1,
        Meta: {},
        Networks: [{ Mode: "host", ReservedPorts: [port.toApi(portLabel)], DynamicPorts: [] }],
        Services: [
          {
            Name: name,
            Provider: "consul",
            PortLabel: portLabel,
            Tags: tagsOf(props),
            Checks: [health.toApi("health")],
          },
        ],
        Volumes: volumeRequests(Tasks.flatMap(({ VolumeMounts = [] }) => VolumeMounts)),
        RestartPolicy: restarts,
        ReschedulePolicy: replacements,
        Disconnect: disconnect,
        Tasks,
      },
    ],
  };
}

/** Time for an app to end in order: what it has in memory belongs to its data. */
const killTimeout = Duration.seconds(30).nanoseconds;

function tasksOf(props: FieldsProps, mode: Mode): Task[] {
  const { name, program, resources, companions = [] } = props.definition;
  const source = appSourceOf(mode);
  const embedded = source?.kind === "postgres" ? [source as EmbeddedSource] : [];
  return [
    ...embedded.map((one) => embeddedServerTask(props, one)),
    appTask(props, mode, { name, program, resources }),
    ...companions.map((companion) => appTask(props, mode, companion)),
  ];
}

function appTask(props: FieldsProps, mode: Mode, task: Companion): Task {
  const { definition, connection, phase } = props;
  const onSource = appSourceOf(mode) as ServiceDefinition["source"];
  const volumes = (definition.volumes ?? []).filter((volume) => phase !== "settled" || !volume.leaves);
  const templates = [
    ...(onSource === undefined
      ? [dsnFile(definition.dsn, connection, "restart"), ...caFile(connection)]
      : []),
    ...secretsFile(props, [...(definition.secrets ?? []), ...passwordOf(onSource)], "restart"),
  ];
  return {
    Name: task.name,
    ...programOf(task.program, task.name === definition.name ? { ports: true } : {}),
    Env: { ...definition.environment, ...task.environment, ...onSource?.environment },
    ...(onSource === undefined ? passwordMeta(props) : {}),
    KillTimeout: killTimeout,
    ...(templates.length === 0 ? {} : { Vault: vaultOf(props) }),
    Templates: templates,
    VolumeMounts: [...volumes.map((volume) => volume.toApi()), ...programMounts(task.program)],
    Resources: resourcesOf(task.resources),
  };
}

/** The app's password for the server beside it. */
function passwordOf(source: ServiceDefinition["source"]): SecretVariable[] {
  if (source?.kind !== "postgres") return [];
  const { app, secret, field } = source.password;
  return [{ variable: app, secret, field }];
}

function tagsOf({ definition, domain, proxy = defaultProxy }: FieldsProps): string[] {
  const { name, middlewares = [], tags = [] } = definition;
  return [...proxyTags(proxy, { name, host: `${name}.${domain}`, middlewares }), ...tags];
}

/** The volume that holds the source. */
function sourceVolume({ name, source, volumes = [] }: ServiceDefinition): HostVolume {
  if (source?.kind === "postgres") return source.volume;
  const volume = volumes.find((candidate) => source !== undefined && candidate.holds(source.file));
  if (volume === undefined) throw new RangeError(`${name}: no volume holds its source, ${source?.file}`);
  return volume;
}
