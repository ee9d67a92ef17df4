/** Where an app has its database, by the variables and files of its task, and by the tasks beside it. */
import { basename, dirname } from "node:path/posix";
import type { Dsn } from "../nomad/dsn";
import type { Task, TaskGroup, Template } from "../nomad/job";
import type { KnownApp } from "./apps/known-app";
import { otherType, postgresType, postgresUrl } from "./guess-dsn";
import { isPostgresTask, otherServer } from "./programs";
import { withService, type Values } from "./values";

export type Place =
  /** @param file what the job says, or the image's default */
  | { readonly kind: "sqlite"; readonly file: string }
  /** A PostgreSQL in a task of its group. @param host as the job says it; absent: no variable says it */
  | { readonly kind: "beside"; readonly task: Task; readonly host?: string }
  /** A PostgreSQL somewhere. @param host as the job says it */
  | { readonly kind: "postgres"; readonly host: string }
  /** A server of another kind. */
  | { readonly kind: "other"; readonly what: string }
  /** Nobody can tell without an answer. */
  | { readonly kind: "unknown"; readonly question: string };

export function placeOf(
  group: TaskGroup,
  task: Task,
  values: Values,
  dsn: Dsn | undefined,
  known: KnownApp | undefined,
): Place | undefined {
  const type = typeOf(values, dsn);
  if (type !== undefined && otherType.test(type)) return { kind: "other", what: type };
  const onSqlite = type !== undefined && /sqlite/i.test(type);
  const host = onSqlite ? undefined : hostOf(values, dsn);
  if (host !== undefined) return serverOf(group, host);
  const mysql = onSqlite ? undefined : mysqlOf(values);
  if (mysql !== undefined) return { kind: "other", what: mysql };
  const file = fileOf(values, known);
  if (known === undefined) return file === undefined ? undefined : { kind: "sqlite", file };
  return onSqlite || isTold(values, known) ? sqliteAt(file) : untold(group, task, known, file);
}

function sqliteAt(file: string | undefined): Place | undefined {
  return file === undefined ? undefined : { kind: "sqlite", file };
}

/** Whether the job says where the app has its SQLite file. */
function isTold(values: Values, { sqlite }: KnownApp): boolean {
  return sqlite?.fileVariable !== undefined && values.has(sqlite.fileVariable);
}

/** An app whose variables say nothing of its database: it has the image's default, or its configuration in a file. */
function untold(
  group: TaskGroup,
  task: Task,
  { name, dsn }: KnownApp,
  file: string | undefined,
): Place | undefined {
  if (dsn === undefined) return sqliteAt(file);
  const unknown = (what: string): Place => ({ kind: "unknown", question: `${what}. ${whichServer}` });
  const orSqlite = file === undefined ? "" : `, or SQLite (${file})`;
  const server = group.Tasks.find((one) => isPostgresTask(one) || otherServer(one) !== undefined);
  if (server !== undefined && isPostgresTask(server) && file === undefined)
    return { kind: "beside", task: server };
  if (server !== undefined)
    return unknown(
      `no variable of the job tells whether ${name} uses the server in the task ${server.Name}${orSqlite}`,
    );
  const telling = (task.Templates ?? []).find(tellsOfServer);
  if (telling !== undefined)
    return unknown(`the file ${telling.DestPath} tells of a server: does ${name} use that${orSqlite}`);
  if (file !== undefined) return sqliteAt(file);
  return unknown(`${name} needs a PostgreSQL, and no variable of the job tells which`);
}

function tellsOfServer({ Envvars, EmbeddedTmpl = "" }: Template): boolean {
  return Envvars !== true && /\b(postgres(ql)?|pgsql|psycopg2?|mysql|mariadb)\b/i.test(EmbeddedTmpl);
}

const whichServer = "Is it SQLite, a PostgreSQL in a task, or the environment's server (then remove source)?";

/** The server of another kind of which the variables tell. */
function mysqlOf(values: Values): string | undefined {
  const kinds = [...values].flatMap(([name, value]) => [
    /(?:^|_)(mysql|mariadb)_/i.exec(name)?.[1],
    /^(mysql|mariadb)\w*:\/\//i.exec(value.text)?.[1],
    /(host|server|addr(ess)?)$/i.test(name)
      ? /\b(mysql|mariadb)\b/i.exec(withService(value.text, value))?.[1]
      : undefined,
  ]);
  return kinds.find((kind) => kind !== undefined)?.toLowerCase();
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
    const value = values.get(dsn.variable);
    const host = value && hostInUrl(value.text);
    return host && withService(host, value);
  }
  const names = "address" in dsn.server ? dsn.server.address : dsn.server.host;
  const [value] = [names].flat().flatMap((name) => values.get(name) ?? []);
  return value && withService(value.text, value);
}

function hostInUrl(text: string): string | undefined {
  // Gotify's is libpq's own form.
  const inWords = /\bhost=(\S+)/.exec(text)?.[1];
  if (inWords !== undefined) return inWords;
  return postgresUrl.test(text) ? (/@((?:\{\{[\s\S]*?\}\}|[^/?])*)/.exec(text)?.[1] ?? text) : undefined;
}

function serverOf(group: TaskGroup, host: string): Place {
  const beside = group.Tasks.find(
    (task) => isPostgresTask(task) && (task.Lifecycle == null || task.Lifecycle.Sidecar === true),
  );
  return beside === undefined ? { kind: "postgres", host } : { kind: "beside", task: beside, host };
}

const sqliteUrl = /^(?:sqlite3?:(?:\/\/)?|file:)/i;

/** The SQLite file that the app uses without a server. */
function fileOf(values: Values, known: KnownApp | undefined): string | undefined {
  if (known?.sqlite === undefined) {
    // An app that pgmoor does not know says that it is on SQLite, or nobody knows.
    const [url] = [...values].filter(
      ([name, { text }]) =>
        /^sqlite3?:\/\//i.test(text) ||
        /^\/[^\s{}]*\.sqlite3?$/.test(text) ||
        (/(^|_)(db|database|sqlite)(_|$)/i.test(name) && /^\/[^\s{}]*\.db3?$/.test(text)),
    );
    return url && pathOf(url[1].text);
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

/** What is named like a database, of an app that pgmoor does not know. */
export function somewhere(values: Values): Place | undefined {
  const variable = [...values.keys()].find((name) =>
    /(^|_)(db|database|sql|postgres)_*(host|hostname|server|url|uri|dsn)$/i.test(name),
  );
  return variable === undefined
    ? undefined
    : {
        kind: "unknown",
        question: `${variable} tells of a database. ${whichServer}`,
      };
}
