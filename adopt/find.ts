/** Where the database of a job's app is: by the app's image, and by the variables of its task. */
import { dirname, basename } from "node:path/posix";
import { dsnVariables, type Dsn, type Variable } from "../nomad/dsn";
import { textsOf } from "../nomad/driver-config";
import type { Job, Task, TaskGroup } from "../nomad/job";
import { appOfImage, isPostgres } from "./apps";
import type { KnownApp } from "./apps/known-app";
import { guessDsn, otherType, postgresType, postgresUrl } from "./guess-dsn";
import { valuesOf, type Value, withService } from "./values";

export type Place =
  /** @param file what the job says, or the image's default */
  | { readonly kind: "sqlite"; readonly file: string }
  /** A PostgreSQL in a task of its group. */
  | { readonly kind: "beside"; readonly task: Task }
  /** A PostgreSQL somewhere. @param host as the job says it */
  | { readonly kind: "postgres"; readonly host: string }
  /** A server of another kind. */
  | { readonly kind: "other"; readonly what: string }
  /** A database of which only a variable tells. */
  | { readonly kind: "unknown"; readonly variable: string };

/** A task with a database. */
export interface FoundApp {
  readonly group: TaskGroup;
  readonly task: Task;
  readonly known?: KnownApp;
  /** Absent: pgmoor cannot tell how the app takes it. */
  readonly dsn?: Dsn;
  readonly place: Place;
}

/** Every task of a job that has a database. */
export function findApps({ TaskGroups }: Job): FoundApp[] {
  return TaskGroups.flatMap((group) => {
    const found = group.Tasks.flatMap((task) => findApp(group, task) ?? []);
    // A task that renders the same variables, or runs the same image, is of the same app.
    return found.filter(({ task }, index) => found.findIndex((one) => isSameApp(one.task, task)) === index);
  });
}

/** Whether two tasks of a group are of one app: the same image, or the same database. */
export function isSameApp(one: Task, other: Task): boolean {
  if (one === other) return true;
  const image = imageOf(one);
  if (image !== undefined && image === imageOf(other)) return true;
  const urls = (task: Task) =>
    [...valuesOf(task).values()].map(({ text }) => text).filter((text) => postgresUrl.test(text));
  const shared = urls(other);
  return urls(one).some((url) => shared.includes(url));
}

export function imageOf(task: Task): string | undefined {
  return task.Driver === "docker" || task.Driver === "podman" ? textsOf(task.Config?.image)[0] : undefined;
}

/** What a task runs: its image, or the names of its program and of the files that it is given. */
function programsOf(task: Task): string[] {
  const image = imageOf(task);
  if (image !== undefined) return [image];
  const { command, args } = (task.Config ?? {}) as { command?: unknown; args?: unknown };
  return textsOf([command, args])
    .filter((word) => word.includes("/"))
    .map((word) => basename(word).replace(/\.\w+$/, ""));
}

export function isPostgresTask(task: Task): boolean {
  return programsOf(task).some(isPostgres);
}

/** The name of a database server that is no PostgreSQL. */
function otherServer(image: string): string | undefined {
  return /(^|\/)(mariadb|mysql|percona)\b/.exec(image)?.[2];
}

function findApp(group: TaskGroup, task: Task): FoundApp | undefined {
  if (
    isPostgresTask(task) ||
    otherServer(imageOf(task) ?? "") !== undefined ||
    (task.Lifecycle?.Hook === "prestart" && task.Lifecycle.Sidecar !== true)
  )
    return undefined;
  const values = valuesOf(task);
  const known = programsOf(task)
    .map(appOfImage)
    .find((app) => app !== undefined);
  const guessed = guessDsn(values, group.Tasks.some(isPostgresTask));
  const dsn = known === undefined ? guessed : spelled(known, values);
  const place =
    placeOf(group, values, dsn, known) ??
    (guessed && placeOf(group, values, guessed, undefined)) ??
    somewhere(values);
  if (place === undefined) return undefined;
  return {
    group,
    task,
    place: place.kind === "postgres" ? { ...place, host: withService(place.host, task) } : place,
    ...(known === undefined ? {} : { known }),
    ...(dsn === undefined ? {} : { dsn }),
  };
}

/** What is named like a database, of an app that pgmoor does not know. */
function somewhere(values: Values): Place | undefined {
  const variable = [...values.keys()].find((name) =>
    /(^|_)(db|database|sql|postgres)_*(host|hostname|server|url|uri|dsn)$/i.test(name),
  );
  return variable === undefined ? undefined : { kind: "unknown", variable };
}

/** The app's DSN in the job's own spelling: some apps do not tell capitals from small letters. */
function spelled({ dsn, otherDsn }: KnownApp, values: Values): Dsn | undefined {
  const names = [...values.keys()];
  const asIs = (one: Dsn) => spell(one, names);
  const has = (one: Dsn) => dsnVariables(one).some((name) => names.includes(name));
  if (dsn === undefined) return undefined;
  return otherDsn !== undefined && has(asIs(otherDsn)) ? asIs(otherDsn) : asIs(dsn);
}

function spell(dsn: Dsn, names: readonly string[]): Dsn {
  const same = (text: string) =>
    names.includes(text) ? text : (names.find((name) => name.toUpperCase() === text.toUpperCase()) ?? text);
  const all = (variable: Variable) => (typeof variable === "string" ? same(variable) : variable.map(same));
  const keys = (fixed: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(fixed).map(([name, value]) => [same(name), value]));
  const fixed = dsn.fixed === undefined ? {} : { fixed: keys(dsn.fixed) };
  if (dsn.style === "url") return { ...dsn, ...fixed, variable: same(dsn.variable) };
  const { server, tls } = dsn;
  return {
    ...dsn,
    ...fixed,
    server:
      "address" in server
        ? { ...server, address: all(server.address) }
        : { host: all(server.host), port: all(server.port) },
    database: all(dsn.database),
    username: all(dsn.username),
    password: all(dsn.password),
    ...(tls === undefined
      ? {}
      : { tls: Object.fromEntries(Object.entries(tls).map(([mode, of]) => [mode, keys(of)])) }),
  };
}

type Values = ReadonlyMap<string, Value>;

function placeOf(
  group: TaskGroup,
  values: Values,
  dsn: Dsn | undefined,
  known: KnownApp | undefined,
): Place | undefined {
  const type = typeOf(values, dsn);
  if (type !== undefined && otherType.test(type)) return { kind: "other", what: type };
  const host = type !== undefined && /sqlite/i.test(type) ? undefined : hostOf(values, dsn);
  if (host !== undefined) return serverOf(group, host);
  const other = group.Tasks.flatMap((one) => otherServer(imageOf(one) ?? "") ?? [])[0];
  if (other !== undefined && known?.dsn === undefined) return { kind: "other", what: other };
  const file = fileOf(values, known);
  return file === undefined ? undefined : { kind: "sqlite", file };
}

/** What the app is told of its database's kind. */
function typeOf(values: Values, dsn: Dsn | undefined): string | undefined {
  const names = [...values.keys()].filter(
    (name) =>
      name in (dsn?.fixed ?? {}) ||
      /(^|_)(db|database|storage)_*(type|engine|driver|dialect|connection|backend|client)$/i.test(name),
  );
  const texts = names.map((name) => values.get(name)!.text);
  return texts.find((text) => postgresType.test(text) || otherType.test(text) || /sqlite/i.test(text));
}

/** The host of the PostgreSQL that the app is told of, as its job says it. */
function hostOf(values: Values, dsn: Dsn | undefined): string | undefined {
  if (dsn === undefined) return undefined;
  if (dsn.style === "url") {
    const { text } = values.get(dsn.variable) ?? { text: "" };
    // Gotify's is libpq's own form.
    const inWords = /\bhost=(\S+)/.exec(text)?.[1];
    if (inWords !== undefined) return inWords;
    return postgresUrl.test(text) ? (/@((?:\{\{[\s\S]*?\}\}|[^/?])*)/.exec(text)?.[1] ?? text) : undefined;
  }
  const names = "address" in dsn.server ? dsn.server.address : dsn.server.host;
  return [names].flat().flatMap((name) => values.get(name)?.text ?? [])[0];
}

function serverOf(group: TaskGroup, host: string): Place {
  const beside = group.Tasks.find(
    (task) => isPostgresTask(task) && (task.Lifecycle == null || task.Lifecycle.Sidecar === true),
  );
  return beside === undefined ? { kind: "postgres", host } : { kind: "beside", task: beside };
}

const sqliteUrl = /^(?:sqlite3?:(?:\/\/)?|file:)/i;

/** The SQLite file that the app uses without a server. */
function fileOf(values: Values, known: KnownApp | undefined): string | undefined {
  if (known?.sqlite === undefined) {
    // An app that pgmoor does not know says that it is on SQLite, or nobody knows.
    const [url] = [...values.values()].filter(({ text }) => /^sqlite3?:\/\//i.test(text));
    return url && pathOf(url.text);
  }
  const { file, fileVariable, folderVariable } = known.sqlite;
  const told = fileVariable === undefined ? undefined : values.get(fileVariable);
  const path = told === undefined || told.rendered ? undefined : pathOf(told.text);
  if (path?.startsWith("/")) return path;
  const folder = folderVariable === undefined ? undefined : values.get(folderVariable)?.text;
  if (folder?.startsWith("/")) return `${folder.replace(/\/+$/, "")}/${basename(file)}`;
  return path === undefined || !/\.(db|sqlite3?)$/.test(path) ? file : `${dirname(file)}/${basename(path)}`;
}

function pathOf(text: string): string {
  // sqlite:///relative and sqlite:////absolute, by SQLAlchemy; sqlite:///absolute, by others.
  return text
    .replace(sqliteUrl, "")
    .replace(/\?.*$/, "")
    .replace(/^\/\/+/, "/");
}
