/** The tasks that move a service, beside its app: `migrate`, `schema` or `source`, `confirm`. */
import { caFile, dsnFile } from "../../nomad/dsn";
import type { Task, Template } from "../../nomad/job";
import { file, fixedText } from "../../nomad/template";
import type { SqliteSource } from "../../services/definition";
import type { AnySource } from "../../services/job-definition";
import type { App } from "./app";
import { deadlinesOf } from "./deadlines";
import { scratchCommand, scratchEnvironment, sourcePassword } from "./embedded-server";
import { migratorTask, type TasksAround } from "./migrator-task";
import { secretsFile, vaultOf } from "./parts";
import { noRestarts } from "./policies";
import type { ServiceJobProps } from "./props";
import type { Run } from "./run";

export function migrationTasks(props: ServiceJobProps, app: App, source: AnySource): TasksAround {
  const peer = source.kind === "sqlite" ? schemaTask(props, app, source) : sourceTask(props, app, source);
  const migrate = migratorTask(props, app, source, {
    name: "migrate",
    hook: "prestart",
    source: "to read",
    templates: source.kind === "postgres" ? secretsFile(props, [sourcePassword(source)], "noop") : [],
    resources: { CPU: 500, MemoryMB: 512 },
  });
  const confirm = migratorTask(props, app, source, {
    name: "confirm",
    hook: "poststart",
    // It compares the source of a service that has moved already, while the app runs.
    source: "to read",
    resources: { CPU: 100, MemoryMB: 256 },
  });
  return { before: [migrate, peer], after: [confirm] };
}

function schemaTask(props: ServiceJobProps, app: App, source: SqliteSource): Task {
  const { definition } = props;
  const { kind, command, environment } = source.schema;
  const runs = app.schema({
    ...wrapped(props, kind, command),
    // In a bridge of its own the app would have a loopback where the migrator does not find it.
    ...(kind === "app" && !app.bridged ? { network: "host" } : {}),
  });
  return {
    Name: "schema",
    ...runs.program,
    Env: { ...runs.environment, ...environment },
    Lifecycle: { Hook: "prestart", Sidecar: false },
    RestartPolicy: noRestarts,
    Vault: vaultOf(props),
    ...(runs.artifacts === undefined ? {} : { Artifacts: runs.artifacts }),
    Templates: [
      ...runs.before,
      dsnFile(definition.dsn, props.connection, "noop"),
      ...caFile(props.connection),
      ...runs.after,
      wrapperFile(props),
    ],
    VolumeMounts: runs.mounts,
    Resources: runs.resources,
  };
}

/** The embedded server, on a copy of its data that `migrate` makes: it never sees the original. */
function sourceTask(props: ServiceJobProps, app: App, source: Exclude<AnySource, SqliteSource>): Task {
  const runs = app.server(wrapped(props, "server", scratchCommand(source)));
  return {
    Name: "source",
    ...runs.program,
    Env: { ...runs.environment, ...scratchEnvironment },
    Lifecycle: { Hook: "prestart", Sidecar: false },
    RestartPolicy: noRestarts,
    Vault: vaultOf(props),
    ...(runs.artifacts === undefined ? {} : { Artifacts: runs.artifacts }),
    Templates: [...runs.before, ...runs.after, wrapperFile(props)],
    VolumeMounts: runs.mounts,
    Resources: runs.resources,
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
