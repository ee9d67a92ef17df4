/** The apps of a job that have a database: by their images, and by the variables of their tasks. */
import { dsnVariables, type Dsn, type Variable } from "../nomad/dsn";
import type { Job, Task, TaskGroup } from "../nomad/job";
import { appOfImage, isOnMysql } from "./apps";
import type { KnownApp } from "./apps/known-app";
import { guessDsn, postgresUrl } from "./guess-dsn";
import { placeOf, somewhere, type Place } from "./place";
import { imageOf, isPostgresTask, otherServer, programsOf } from "./programs";
import { valuesOf, type Values } from "./values";

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

function findApp(group: TaskGroup, task: Task): FoundApp | undefined {
  if (
    isPostgresTask(task) ||
    otherServer(task) !== undefined ||
    (task.Lifecycle?.Hook === "prestart" && task.Lifecycle.Sidecar !== true)
  )
    return undefined;
  if (programsOf(task).some(isOnMysql)) return { group, task, place: { kind: "other", what: "MySQL" } };
  const values = valuesOf(task);
  const known = programsOf(task)
    .map(appOfImage)
    .find((app) => app !== undefined);
  const guessed = guessDsn(values, group.Tasks.some(isPostgresTask));
  const dsn = known === undefined ? guessed : spelled(known, values);
  const place =
    placeOf(group, task, values, dsn, known) ??
    (guessed && placeOf(group, task, values, guessed, undefined)) ??
    somewhere(values);
  if (place === undefined) return undefined;
  return {
    group,
    task,
    place,
    ...(known === undefined ? {} : { known }),
    ...(dsn === undefined ? {} : { dsn }),
  };
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
