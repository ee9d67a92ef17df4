/** How an app takes its connection: the styles, and the env file each becomes. */
import {
  envFile,
  envLine,
  join,
  percentEncoded,
  text,
  urlHost,
  withSecret,
  withService,
  type Expression,
} from "./template";
import type { Template } from "./job";

/** One variable holds a URL, as libpq reads it: `postgresql://role:password@host:port/database?parameters`. */
export interface UrlDsn {
  readonly style: "url";
  readonly variable: string;
  /** @default "postgresql" */
  readonly scheme?: "postgresql" | "postgres";
  /** Query parameters, such as `sslmode`. @default none */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** The name of a variable, or several that get the same value. */
export type Variable = string | readonly string[];

/** A variable for each part, and the fixed ones that switch the app to PostgreSQL. */
export interface VariablesDsn {
  readonly style: "variables";
  /**
   * Where the server is: a variable each for host and port, or one for both (`10.0.0.60:5432`), after a prefix where the
   * app wants one (`tcp://`).
   */
  readonly server:
    | { readonly host: Variable; readonly port: Variable }
    | { readonly address: Variable; readonly prefix?: string };
  readonly database: Variable;
  readonly username: Variable;
  readonly password: Variable;
  /** Variables with a fixed value, such as Laravel's `DB_CONNECTION: "pgsql"`. @default none */
  readonly fixed?: Readonly<Record<string, string>>;
}

export type Dsn = UrlDsn | VariablesDsn;

/** How a job finds the server: by a name that its DNS resolves, or by the address that Consul has at rendering. */
export type ServerLookup =
  | { readonly by: "dns"; readonly host: string; readonly port: number }
  | { readonly by: "consul-template"; readonly service: string };

export interface Connection {
  readonly server: ServerLookup;
  readonly database: string;
  readonly username: string;
  /** The Vault KV v2 secret whose field `password` is the role's. */
  readonly secret: { readonly mount: string; readonly name: string };
}

interface Parts {
  readonly host: Expression;
  readonly port: Expression;
  readonly database: Expression;
  readonly username: Expression;
  readonly password: Expression;
}

/** libpq's own variables, which the migrator and every client program take. */
export function libpq(sslmode: string): VariablesDsn {
  return {
    style: "variables",
    server: { host: "PGHOST", port: "PGPORT" },
    database: "PGDATABASE",
    username: "PGUSER",
    password: "PGPASSWORD",
    fixed: { PGSSLMODE: sslmode },
  };
}

/**
 * The env file that gives a task its DSN, in the task's secrets folder, which is kept in memory. `onChange`: what becomes
 * of the task when the password or the server's address changes.
 */
export function dsnFile(dsn: Dsn, connection: Connection, onChange: Template["ChangeMode"]): Template {
  const lines = (host: Expression, port: Expression, password: Expression): string =>
    linesOf(dsn, {
      host,
      port,
      password,
      database: text(connection.database),
      username: text(connection.username),
    });
  const { server, secret } = connection;
  return envFile(
    "secrets/database.env",
    withSecret(secret.mount, secret.name, (field) =>
      server.by === "dns"
        ? lines(text(server.host), text(String(server.port)), field("password"))
        : withService(server.service, (address, port) => lines(address, port, field("password"))),
    ),
    onChange,
  );
}

function linesOf(dsn: Dsn, parts: Parts): string {
  switch (dsn.style) {
    case "url":
      return envLine(dsn.variable, url(dsn, parts));
    case "variables":
      return [
        ...Object.entries(dsn.fixed ?? {}).map(([name, value]) => envLine(name, text(value))),
        ...serverLines(dsn.server, parts),
        ...linesFor(dsn.database, parts.database),
        ...linesFor(dsn.username, parts.username),
        ...linesFor(dsn.password, parts.password),
      ].join("");
  }
}

function serverLines(server: VariablesDsn["server"], { host, port }: Parts): string[] {
  if ("address" in server)
    return linesFor(server.address, join(text(server.prefix ?? ""), urlHost(host), text(":"), port));
  return [...linesFor(server.host, host), ...linesFor(server.port, join(port))];
}

function linesFor(variable: Variable, value: Expression): string[] {
  return [variable].flat().map((name) => envLine(name, value));
}

/** The names of all variables that a DSN sets. */
export function dsnVariables(dsn: Dsn): string[] {
  if (dsn.style === "url") return [dsn.variable];
  const { server, database, username, password, fixed = {} } = dsn;
  const where = "address" in server ? [server.address] : [server.host, server.port];
  return [...Object.keys(fixed), ...where.flat(), ...[database, username, password].flat()];
}

function url(dsn: UrlDsn, parts: Parts): Expression {
  const query = new URLSearchParams(dsn.parameters ?? {}).toString().replaceAll("+", "%20");
  return join(
    text(`${dsn.scheme ?? "postgresql"}://`),
    percentEncoded(parts.username),
    text(":"),
    percentEncoded(parts.password),
    text("@"),
    urlHost(parts.host),
    text(":"),
    parts.port,
    text("/"),
    percentEncoded(parts.database),
    text(query === "" ? "" : `?${query}`),
  );
}
