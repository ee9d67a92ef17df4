/** A task that runs the migrator: what it is told, and what it sees. */
import { caFile, dsnFile, libpq } from "../../nomad/dsn";
import type { Resources, Task, Template, VolumeRequest } from "../../nomad/job";
import { csiRequest } from "../../nomad/volume";
import {
  file,
  join,
  json,
  taskVariable,
  text,
  type Expression,
  type JsonTemplate,
} from "../../nomad/template";
import { dataDirectory, type SqliteSource } from "../../services/definition";
import type { AnySource } from "../../services/job-definition";
import type { RollbackKind } from "../../services/ledger";
import type { App, Mounted } from "./app";
import { deadlinesOf, placement } from "./deadlines";
import { programMounts, programOf, vaultOf } from "./parts";
import { noRestarts } from "./policies";
import { withRegistry } from "./registry";
import { schemaPortLabel, type ServiceJobProps } from "./props";
import { noticesFile, tellingEnv } from "./telling";

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

/**
 * glibc keeps freed memory for each thread. A thread of the migrator hands what it reads to another, so that up to a third of
 * the task's memory would be free and unused. https://man7.org/linux/man-pages/man3/mallopt.3.html
 */
const oneArena = { MALLOC_ARENA_MAX: "1" };

/** What a task of the migrator's is, besides what all of them are. */
export interface MigratorTask {
  /** The migrator's command, and the task's name. */
  readonly name: "migrate" | "rehearse" | "roll-back" | "confirm";
  readonly hook: "prestart" | "poststart";
  /** How it sees the source. @default not at all */
  readonly source?: "to read" | "to write";
  /** Of a job that goes back to its source. */
  readonly rollback?: RollbackKind;
  /** Besides the login and the configuration. @default none */
  readonly templates?: readonly Template[];
  readonly resources: Resources;
}

export function migratorTask(props: ServiceJobProps, app: App, source: AnySource, task: MigratorTask): Task {
  const seen = task.source === undefined ? nothing : app.mountSource(sourcePath, task.source);
  const made: Task = {
    Name: task.name,
    ...programOf(props.migrator.program, {
      args: [task.name, "--config", configPath],
      binds: seen.binds,
      // It asks the app on the loopback that the group's tasks share.
      ...(app.bridged ? { network: "group" } : {}),
    }),
    Env: { ...oneArena, ...tellingEnv(props.migrator.telling) },
    Lifecycle: { Hook: task.hook, Sidecar: false },
    RestartPolicy: noRestarts,
    Identity: taskApi,
    Vault: vaultOf(props),
    Templates: [
      dsnFile(libpq, props.connection, "noop"),
      ...caFile(props.connection),
      // A rehearsal fails in front of the person who asked for it.
      ...(task.name === "rehearse" ? [] : noticesFile(props.migrator.telling, props.connection.secret.mount)),
      ...(task.templates ?? []),
      migratorConfig(props, app, source, task),
    ],
    VolumeMounts: [
      ...seen.mounts,
      { Volume: snapshotsVolume(props), Destination: snapshotsPath, ReadOnly: false },
      ...programMounts(props.migrator.program),
    ],
    Resources: task.resources,
  };
  return withRegistry(made, props.migrator.registry, props.connection.secret.mount);
}

/** The name by which the group asks for it. */
function snapshotsVolume({ migrator: { snapshots } }: ServiceJobProps): string {
  return typeof snapshots === "string" ? snapshots : snapshots.csi;
}

/** The request for the volume of the snapshots, where it is not a host's. */
export function snapshotsRequest({
  migrator: { snapshots },
}: ServiceJobProps): Record<string, VolumeRequest> {
  return typeof snapshots === "string" ? {} : { [snapshots.csi]: csiRequest(snapshots) };
}

const nothing: Mounted = { mounts: [], binds: [] };

/** What the migrator reads (`migrator/job/config.ts`). */
function migratorConfig(
  props: ServiceJobProps,
  app: App,
  source: AnySource,
  { name, rollback }: MigratorTask,
): Template {
  const { definition } = props;
  // A rehearsal starts no app, and has no port for one.
  const address = name === "rehearse" ? text("127.0.0.1") : app.health.address;
  const { migrate, confirm, healthy } = deadlinesOf(definition);
  return file(
    configPath,
    json({
      service: definition.name,
      source: sourceConfig(app, source, rollback !== undefined),
      snapshots: `${snapshotsPath}/${definition.name}`,
      migrationTables: source.migrationTables.map((one) => (typeof one === "string" ? one : { ...one })),
      rules: source.kind === "sqlite" ? (source.rules ?? []).map((rule) => ({ ...rule })) : [],
      ...(source.kind === "sqlite" && source.verify !== undefined && { verify: source.verify }),
      health: healthUrl(app, address),
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
function sourceConfig(app: App, source: AnySource, returning: boolean): JsonTemplate {
  if (source.kind === "postgres") {
    const { kind, user, database } = source;
    return { kind, data: app.seenAt(sourcePath, sourceData(source)), user, database };
  }
  const kind = returning ? "command" : source.schema.kind;
  const address = join(text("127.0.0.1:"), taskVariable(`NOMAD_PORT_${schemaPortLabel}`));
  const schema: JsonTemplate = kind === "app" ? { kind, health: healthUrl(app, address) } : { kind };
  return { kind: source.kind, file: app.seenAt(sourcePath, source.file), schema };
}

/** Where a service's own PostgreSQL has its data, as its task sees it. */
function sourceData(source: Exclude<AnySource, SqliteSource>): string {
  return "task" in source ? source.data : dataDirectory(source);
}

function healthUrl({ health }: App, address: Expression): Expression {
  return join(text("http://"), address, text(health.path));
}
