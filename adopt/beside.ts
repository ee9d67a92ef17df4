/** A PostgreSQL in a task beside the app. */
import { textsOf } from "../nomad/driver-config";
import type { Task } from "../nomad/job";
import { mountOf } from "../nomad/mounts";
import { todo, type Unanswered } from "../services/todo";
import type { Around } from "./on-server";
import type { OpenDefinition } from "./open";
import type { FoundApp } from "./find";
import { imageOf } from "./programs";
import { secretOf, valuesOf } from "./values";

/** Sources: https://hub.docker.com/_/postgres (`POSTGRES_USER`, `POSTGRES_DB`, `PGDATA`, 18's other folder). */
export function postgresBeside(
  { task: app, known, dsn }: FoundApp,
  task: Task,
  around: Around,
): OpenDefinition["source"] {
  const values = valuesOf(task);
  const plain = (name: string): string | undefined => {
    const value = values.get(name);
    return value === undefined || value.rendered || value.text === "" ? undefined : value.text;
  };
  const user = plain("POSTGRES_USER") ?? (values.has("POSTGRES_USER") ? undefined : "postgres");
  const database = plain("POSTGRES_DB") ?? (values.has("POSTGRES_DB") ? undefined : user);
  return {
    kind: "postgres",
    task: task.Name,
    data: dataOf(task, plain("PGDATA")),
    command: commandOf(task),
    user: user ?? todo("which user of the PostgreSQL beside the app does it log in as (POSTGRES_USER)?"),
    database: database ?? todo("which database of the PostgreSQL beside the app is its own (POSTGRES_DB)?"),
    environment: {},
    password: {
      ...passwordOf(task, app, dsn, around),
      app: dsn === undefined ? todo("which variable gives the app its password?") : passwordVariable(dsn),
      server: "POSTGRES_PASSWORD",
    },
    migrationTables: (known?.migrationTables ?? []).map((one) => (typeof one === "string" ? one : one.table)),
  };
}

function passwordVariable(dsn: NonNullable<FoundApp["dsn"]>): string {
  return dsn.style === "url" ? dsn.variable : [dsn.password].flat()[0]!;
}

function dataOf(task: Task, told: string | undefined): string | Unanswered {
  const major = Number(/:\D*(\d+)/.exec(imageOf(task) ?? "")?.[1] ?? 0);
  const folders = [
    told,
    "/var/lib/postgresql/data",
    ...(major >= 18 ? [`/var/lib/postgresql/${major}/docker`] : []),
  ];
  const found = folders.find((folder) => folder !== undefined && mountOf(task, folder) !== undefined);
  return (
    found ??
    todo("in which folder of a volume does the PostgreSQL have its data, as its task sees it (PGDATA)?")
  );
}

/** What the image runs, with the job's own arguments. */
function commandOf(task: Task): readonly [string, ...string[]] | Unanswered {
  const { entrypoint, ...config } = task.Config ?? {};
  const [command] = textsOf(config.command);
  const args = textsOf(config.args);
  // A program of the host is its own command.
  if (task.Driver === "exec" || task.Driver === "raw_exec")
    return command === undefined ? todo("which command runs the PostgreSQL?") : [command, ...args];
  if (entrypoint !== undefined)
    return todo("which command runs the PostgreSQL, with its entrypoint and arguments?");
  const given = [...(command === undefined ? [] : [command]), ...args];
  const [first] = given;
  return [
    "docker-entrypoint.sh",
    ...(first === undefined || first.startsWith("-") ? ["postgres"] : []),
    ...given,
  ];
}

/** Where its password is in Vault: what its own task reads, or the app's. */
function passwordOf(task: Task, app: Task, dsn: FoundApp["dsn"], { mount }: Around) {
  const names = ["POSTGRES_PASSWORD", ...(dsn === undefined ? [] : [passwordVariable(dsn)])];
  for (const [holder, name] of [
    [task, names[0]!],
    ...names.slice(1).map((one) => [app, one] as const),
  ] as const) {
    const value = valuesOf(holder).get(name);
    const secret = value && secretOf(value, mount);
    if (secret !== undefined) return secret;
  }
  return {
    secret: todo(
      "the password of the PostgreSQL beside the app is not in Vault. Write it there, or have pgmoor adopt do it with --secrets-to-vault, and name the secret below the mount",
    ),
    field: todo("and the field of that secret"),
  };
}
