/** A task that runs the migrator: what it is told, and what it sees. */
import { caFile, dsnFile, libpq } from "../../nomad/dsn";
import type { Task, Template, VolumeMount } from "../../nomad/job";
import {
  file,
  join,
  json,
  taskVariable,
  text,
  type Expression,
  type JsonTemplate,
} from "../../nomad/template";
import { HostVolume } from "../../nomad/volume";
import { dataDirectory, type ServiceDefinition, type Source } from "../../services/definition";
import type { RollbackKind } from "../../services/ledger";
import { deadlinesOf, placement } from "./deadlines";
import { programMounts, programOf, vaultOf } from "./parts";
import { noRestarts } from "./policies";
import { portLabel, schemaPortLabel, type ServiceJobProps } from "./props";

/** Tasks that run before the app starts, and those that run after. */
export interface TasksAround {
  readonly before: Task[];
  readonly after: Task[];
}

const snapshotsPath = "/snapshots";
const sourcePath = "/source";
const configPath = "/local/pgmoor.json";

/** A file with the token for Nomad's task API, where the migrator asks about its own allocation. */
const taskApi: Task["Identity"] = { File: true };

/** What a task of the migrator's is, besides what all of them are. */
export interface MigratorTask {
  /** The migrator's command, and the task's name. */
  readonly name: "migrate" | "roll-back" | "confirm";
  readonly hook: "prestart" | "poststart";
  /** How it sees the source. @default not at all */
  readonly source?: "to read" | "to write";
  /** Of a job that goes back to its source. */
  readonly rollback?: RollbackKind;
  /** Besides the login and the configuration. @default none */
  readonly templates?: readonly Template[];
  readonly resources: Task["Resources"];
}

export function migratorTask(props: ServiceJobProps, source: Source, task: MigratorTask): Task {
  return {
    Name: task.name,
    ...programOf(props.migrator.program, { args: [task.name, "--config", configPath] }),
    Env: {},
    Lifecycle: { Hook: task.hook, Sidecar: false },
    RestartPolicy: noRestarts,
    Identity: taskApi,
    Vault: vaultOf(props),
    Templates: [
      dsnFile(libpq, props.connection, "noop"),
      ...caFile(props.connection),
      ...(task.templates ?? []),
      migratorConfig(props, source, task.rollback),
    ],
    VolumeMounts: [
      ...sourceMount(props.definition, source, task.source),
      HostVolume.named(props.migrator.snapshots).at(snapshotsPath).toApi(),
      ...programMounts(props.migrator.program),
    ],
    Resources: task.resources,
  };
}

function sourceMount(
  definition: ServiceDefinition,
  source: Source,
  access: MigratorTask["source"],
): VolumeMount[] {
  if (access === undefined) return [];
  const volume = sourceVolume(definition, source).at(sourcePath);
  return [(access === "to read" ? volume.readOnly() : volume).toApi()];
}

/** What the migrator reads (`migrator/job/config.ts`). */
function migratorConfig(
  props: ServiceJobProps,
  source: Source,
  rollback: RollbackKind | undefined,
): Template {
  const { definition } = props;
  const { migrate, confirm, healthy } = deadlinesOf(definition);
  return file(
    configPath,
    json({
      service: definition.name,
      source: sourceConfig(definition, source, rollback !== undefined),
      snapshots: `${snapshotsPath}/${definition.name}`,
      migrationTables: source.migrationTables.map((one) => (typeof one === "string" ? one : { ...one })),
      rules: source.kind === "sqlite" ? (source.rules ?? []).map((rule) => ({ ...rule })) : [],
      ...(source.kind === "sqlite" && source.verify !== undefined && { verify: source.verify }),
      health: healthUrl(definition, taskVariable(`NOMAD_HOST_ADDR_${portLabel}`)),
      ...(rollback !== undefined && { rollback }),
      deadlines: {
        migrateSeconds: migrate.seconds,
        confirmSeconds: confirm.seconds,
        healthySeconds: healthy.seconds,
        waitSeconds: placement.seconds,
      },
    }),
    "0644",
  );
}

/** @param returning the app builds no schema then, and the job has no port for it. */
function sourceConfig(definition: ServiceDefinition, source: Source, returning: boolean): JsonTemplate {
  const { path } = sourceVolume(definition, source);
  const seen = (file: string) => sourcePath + file.slice(path.length);
  if (source.kind === "postgres") {
    const { kind, user, database } = source;
    return { kind, data: seen(dataDirectory(source)), user, database };
  }
  const kind = returning ? "command" : source.schema.kind;
  const address = join(text("127.0.0.1:"), taskVariable(`NOMAD_PORT_${schemaPortLabel}`));
  const schema: JsonTemplate = kind === "app" ? { kind, health: healthUrl(definition, address) } : { kind };
  return { kind: source.kind, file: seen(source.file), schema };
}

function healthUrl({ health }: ServiceDefinition, address: Expression): Expression {
  return join(text("http://"), address, text(health.path));
}

/** The volume that holds the source. */
function sourceVolume(definition: ServiceDefinition, source: Source): HostVolume {
  if (source.kind === "postgres") return source.volume;
  const volume = definition.volumes?.find((candidate) => candidate.holds(source.file));
  if (volume === undefined)
    throw new RangeError(`${definition.name}: no volume holds its source, ${source.file}`);
  return volume;
}
