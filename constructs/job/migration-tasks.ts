/** The tasks that move a service, beside its app: `migrate`, `schema` or `source`, `confirm`. */
import { caFile, dsnFile, libpq } from "../../nomad/dsn";
import type { Task, Template } from "../../nomad/job";
import {
  file,
  join,
  json,
  fixedText,
  taskVariable,
  text,
  type Expression,
  type JsonTemplate,
} from "../../nomad/template";
import { HostVolume } from "../../nomad/volume";
import {
  dataDirectory,
  type EmbeddedSource,
  type ServiceDefinition,
  type Source,
  type SqliteSource,
} from "../../services/definition";
import { deadlinesOf, placement } from "./deadlines";
import { scratchServer, sourcePassword } from "./embedded-server";
import { programMounts, programOf, resourcesOf, secretsFile, vaultOf, type Run } from "./parts";
import { noRestarts } from "./policies";
import { portLabel, schemaPortLabel, type ServiceJobProps } from "./props";

const snapshotsPath = "/snapshots";
const sourcePath = "/source";
const configPath = "/local/pgmoor.json";

/** A file with the token for Nomad's task API, where the migrator asks about its own allocation. */
const taskApi: Task["Identity"] = { File: true };

export function migrationTasks(
  props: ServiceJobProps,
  source: Source,
): { readonly before: Task[]; readonly after: Task[] } {
  const peer = source.kind === "sqlite" ? schemaTask(props, source) : sourceTask(props, source);
  return {
    before: [migrateTask(props, source), peer],
    after: [confirmTask(props, source)],
  };
}

function migrateTask(props: ServiceJobProps, source: Source): Task {
  const volume = sourceVolume(props.definition, source);
  return {
    Name: "migrate",
    ...programOf(props.migrator.program, { args: ["migrate", "--config", configPath] }),
    Env: {},
    Lifecycle: { Hook: "prestart", Sidecar: false },
    RestartPolicy: noRestarts,
    Identity: taskApi,
    Vault: vaultOf(props),
    Templates: [
      dsnFile(libpq, props.connection, "noop"),
      ...caFile(props.connection),
      ...(source.kind === "postgres" ? secretsFile(props, [sourcePassword(source)], "noop") : []),
      migratorConfig(props, source),
    ],
    VolumeMounts: [
      volume.at(sourcePath).readOnly().toApi(),
      HostVolume.named(props.migrator.snapshots).at(snapshotsPath).toApi(),
      ...programMounts(props.migrator.program),
    ],
    Resources: { CPU: 500, MemoryMB: 512 },
  };
}

function schemaTask(props: ServiceJobProps, source: SqliteSource): Task {
  const { definition } = props;
  const { kind, command } = source.schema;
  return {
    Name: "schema",
    // In a bridge the app would have a loopback of its own, where the migrator does not find it.
    ...programOf(definition.program, {
      ...wrapped(props, kind, command),
      ...(kind === "app" ? { onHost: true } : {}),
    }),
    Env: { ...definition.environment, ...source.schema.environment },
    Lifecycle: { Hook: "prestart", Sidecar: false },
    RestartPolicy: noRestarts,
    Vault: vaultOf(props),
    Templates: [
      dsnFile(definition.dsn, props.connection, "noop"),
      ...caFile(props.connection),
      ...secretsFile(props, definition.secrets, "noop"),
      wrapperFile(props),
    ],
    VolumeMounts: programMounts(definition.program),
    Resources: resourcesOf(definition.resources),
  };
}

/** The embedded server, on a copy of its data that `migrate` makes: it never sees the original. */
function sourceTask(props: ServiceJobProps, source: EmbeddedSource): Task {
  const { args, environment } = scratchServer(source);
  return {
    Name: "source",
    ...programOf(source.program, wrapped(props, "server", args)),
    Env: environment,
    Lifecycle: { Hook: "prestart", Sidecar: false },
    RestartPolicy: noRestarts,
    Vault: vaultOf(props),
    Templates: [wrapperFile(props)],
    VolumeMounts: programMounts(source.program),
    Resources: { CPU: 500, MemoryMB: 512 },
  };
}

const wrapperPath = "/local/pgmoor-schema.sh";

function wrapperFile({ migrator }: ServiceJobProps): Template {
  return file(wrapperPath, fixedText(migrator.schemaWrapper), "0755");
}

/** A command under the wrapper that meets `migrate`. */
function wrapped({ definition }: ServiceJobProps, kind: string, command: readonly string[]): Run {
  const { migrate } = deadlinesOf(definition);
  return { entrypoint: ["/bin/sh"], args: [wrapperPath, String(migrate.seconds), kind, "--", ...command] };
}

function confirmTask(props: ServiceJobProps, source: Source): Task {
  return {
    Name: "confirm",
    ...programOf(props.migrator.program, { args: ["confirm", "--config", configPath] }),
    Env: {},
    Lifecycle: { Hook: "poststart", Sidecar: false },
    RestartPolicy: noRestarts,
    Identity: taskApi,
    Vault: vaultOf(props),
    Templates: [
      dsnFile(libpq, props.connection, "noop"),
      ...caFile(props.connection),
      migratorConfig(props, source),
    ],
    // It compares the source of a service that has moved already, while the app runs.
    VolumeMounts: [
      sourceVolume(props.definition, source).at(sourcePath).readOnly().toApi(),
      ...programMounts(props.migrator.program),
    ],
    Resources: { CPU: 100, MemoryMB: 256 },
  };
}

/** What the migrator reads (`migrator/job/config.ts`). */
function migratorConfig(props: ServiceJobProps, source: Source): Template {
  const { definition } = props;
  const { migrate, confirm, healthy } = deadlinesOf(definition);
  return file(
    configPath,
    json({
      service: definition.name,
      source: sourceConfig(definition, source),
      snapshots: `${snapshotsPath}/${definition.name}`,
      migrationTables: source.migrationTables.map((one) => (typeof one === "string" ? one : { ...one })),
      rules: source.kind === "sqlite" ? (source.rules ?? []).map((rule) => ({ ...rule })) : [],
      ...(source.kind === "sqlite" && source.verify !== undefined && { verify: source.verify }),
      health: healthUrl(definition, taskVariable(`NOMAD_HOST_ADDR_${portLabel}`)),
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

function sourceConfig(definition: ServiceDefinition, source: Source): JsonTemplate {
  const { path } = sourceVolume(definition, source);
  const seen = (file: string) => sourcePath + file.slice(path.length);
  if (source.kind === "postgres") {
    const { kind, user, database } = source;
    return { kind, data: seen(dataDirectory(source)), user, database };
  }
  const { kind } = source.schema;
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
