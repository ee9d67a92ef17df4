/** The tasks that move a service, beside its app: `migrate`, `schema`, `confirm`. */
import { dsnFile, libpq } from "../../nomad/dsn";
import { Duration } from "../../nomad/duration";
import type { RestartPolicy, Task, Template } from "../../nomad/job";
import { file, join, json, plain, taskVariable, text, type Expression } from "../../nomad/template";
import { HostVolume } from "../../nomad/volume";
import type { ServiceDefinition, SqliteSource } from "../../services/definition";
import { deadlinesOf } from "./deadlines";
import { programMounts, programOf, resourcesOf, secretsFile, vaultOf } from "./parts";
import { portLabel, schemaPortLabel, type ServiceJobProps } from "./props";

const snapshotsPath = "/snapshots";
const sourcePath = "/source";
const configPath = "/local/pgmoor.json";

/** When one of these fails, the deployment fails, and Nomad goes back to the job before. */
const once: RestartPolicy = {
  Attempts: 0,
  Interval: Duration.minutes(1).nanoseconds,
  Delay: 0,
  Mode: "fail",
};

export function migrationTasks(
  props: ServiceJobProps,
  source: SqliteSource,
): { readonly before: Task[]; readonly after: Task[] } {
  return {
    before: [migrateTask(props, source), schemaTask(props, source)],
    after: [confirmTask(props, source)],
  };
}

function migrateTask(props: ServiceJobProps, source: SqliteSource): Task {
  const { definition } = props;
  const volume = sourceVolume(definition, source);
  return {
    Name: "migrate",
    ...programOf(props.migrator.program, { args: ["migrate", "--config", configPath] }),
    Env: {},
    Lifecycle: { Hook: "prestart", Sidecar: false },
    RestartPolicy: once,
    Vault: vaultOf(props),
    Templates: [dsnFile(libpq(props.sslmode), props.connection, "noop"), migratorConfig(props, source)],
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
  const { migrate } = deadlinesOf(definition);
  const wrapper = "/local/pgmoor-schema.sh";
  return {
    Name: "schema",
    ...programOf(definition.program, {
      entrypoint: ["/bin/sh"],
      args: [wrapper, String(migrate.seconds), source.schema.kind, "--", ...source.schema.command],
    }),
    Env: { ...definition.environment, ...source.schema.environment },
    Lifecycle: { Hook: "prestart", Sidecar: false },
    RestartPolicy: once,
    Vault: vaultOf(props),
    Templates: [
      dsnFile(definition.dsn, props.connection, "noop"),
      ...secretsFile(props, definition.secrets, "noop"),
      file(wrapper, plain(props.migrator.schemaWrapper), "0755"),
    ],
    VolumeMounts: programMounts(definition.program),
    Resources: resourcesOf(definition.resources),
  };
}

function confirmTask(props: ServiceJobProps, source: SqliteSource): Task {
  return {
    Name: "confirm",
    ...programOf(props.migrator.program, { args: ["confirm", "--config", configPath] }),
    Env: {},
    Lifecycle: { Hook: "poststart", Sidecar: false },
    RestartPolicy: once,
    Vault: vaultOf(props),
    Templates: [dsnFile(libpq(props.sslmode), props.connection, "noop"), migratorConfig(props, source)],
    VolumeMounts: programMounts(props.migrator.program),
    Resources: { CPU: 100, MemoryMB: 256 },
  };
}

/** What the migrator reads (`migrator/config.ts`). */
function migratorConfig(props: ServiceJobProps, source: SqliteSource): Template {
  const { definition } = props;
  const volume = sourceVolume(definition, source);
  const { migrate, confirm } = deadlinesOf(definition);
  const url = (address: Expression): Expression =>
    join(text("http://"), address, text(definition.health.path));
  const schemaAddress = join(text("127.0.0.1:"), taskVariable(`NOMAD_PORT_${schemaPortLabel}`));
  const { kind } = source.schema;
  return file(
    configPath,
    json({
      service: definition.name,
      source: {
        kind: source.kind,
        file: sourcePath + source.file.slice(volume.path.length),
      },
      snapshots: `${snapshotsPath}/${definition.name}`,
      schema: kind === "app" ? { kind, health: url(schemaAddress) } : { kind },
      migrationTables: source.migrationTables.map((one) => (typeof one === "string" ? one : { ...one })),
      rules: (source.rules ?? []).map((rule) => ({ ...rule })),
      health: url(taskVariable(`NOMAD_HOST_ADDR_${portLabel}`)),
      deadlines: { migrateSeconds: migrate.seconds, confirmSeconds: confirm.seconds },
    }),
    "0644",
  );
}

/** The volume that holds the source's file. */
function sourceVolume(definition: ServiceDefinition, source: SqliteSource): HostVolume {
  const volume = definition.volumes?.find((candidate) => candidate.holds(source.file));
  if (volume === undefined)
    throw new RangeError(`${definition.name}: no volume holds its source, ${source.file}`);
  return volume;
}
