/** The tasks that move a service, beside its app: `migrate`, `schema` or `source`, `confirm`. */
import { caFile, dsnFile } from "../../nomad/dsn";
import type { Task, Template } from "../../nomad/job";
import { file, fixedText } from "../../nomad/template";
import type { EmbeddedSource, Source, SqliteSource } from "../../services/definition";
import { deadlinesOf } from "./deadlines";
import { scratchServer, sourcePassword } from "./embedded-server";
import { migratorTask, type TasksAround } from "./migrator-task";
import { programMounts, programOf, resourcesOf, secretsFile, vaultOf, type Run } from "./parts";
import { noRestarts } from "./policies";
import type { ServiceJobProps } from "./props";

export function migrationTasks(props: ServiceJobProps, source: Source): TasksAround {
  const peer = source.kind === "sqlite" ? schemaTask(props, source) : sourceTask(props, source);
  const migrate = migratorTask(props, source, {
    name: "migrate",
    hook: "prestart",
    source: "to read",
    templates: source.kind === "postgres" ? secretsFile(props, [sourcePassword(source)], "noop") : [],
    resources: { CPU: 500, MemoryMB: 512 },
  });
  const confirm = migratorTask(props, source, {
    name: "confirm",
    hook: "poststart",
    // It compares the source of a service that has moved already, while the app runs.
    source: "to read",
    resources: { CPU: 100, MemoryMB: 256 },
  });
  return { before: [migrate, peer], after: [confirm] };
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
