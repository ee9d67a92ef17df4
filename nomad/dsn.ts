/** How an app takes its connection: the styles, and the env file each becomes. */
import {
  envFile,
  envLine,
  file,
  join,
  percentEncoded,
  fixedText,
  text,
  urlHost,
  withSecret,
  withService,
  type Expression,
} from "./template";
import type { Template, TextTemplate } from "./job";

/**
 * How a connection is encrypted, in libpq's words. `require` encrypts and verifies nothing; `verify-ca` verifies who signed the
 * server's certificate, `verify-full` its host name as well.
 * Source: https://www.postgresql.org/docs/16/libpq-ssl.html#LIBPQ-SSL-PROTECTION
 */
export type SslMode = "disable" | "require" | "verify-ca" | "verify-full";
export const sslModes: readonly SslMode[] = ["disable", "require", "verify-ca", "verify-full"];

/** Where a task has the certificate of the authority that signed the server's, alone in its folder. */
export const caDirectory = "/local/pgmoor-tls";
export const caPath = `${caDirectory}/ca.pem`;

/** Whether a mode needs that certificate. */
export function verifies(mode: SslMode): boolean {
  return mode === "verify-ca" || mode === "verify-full";
}

/**
 * One variable holds a URL, as libpq reads it: `postgresql://role:password@host:port/database?parameters`. It gets `sslmode`, and
 * `sslrootcert` where the mode needs one.
 */
export interface UrlDsn {
  readonly style: "url";
  readonly variable: string;
  /** @default "postgresql" */
  readonly scheme?: "postgresql" | "postgres";
  /** Further query parameters, such as `connect_timeout`. @default none */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Variables with a fixed value, such as Gotify's `GOTIFY_DATABASE_DIALECT: "postgres"`. @default none */
  readonly fixed?: Readonly<Record<string, string>>;
}

/** The name of a variable, or several that get the same value. */
export type Variable = string | readonly string[];

/** One variable for each part, and fixed ones that switch the app to PostgreSQL. */
export interface VariablesDsn {
  readonly style: "variables";
  /**
   * Where the server is: one variable for the host and one for the port, or one for both (`10.0.0.60:5432`), with a prefix
   * if the app needs one (`tcp://`).
   */
  readonly server:
    | { readonly host: Variable; readonly port: Variable }
    | { readonly address: Variable; readonly prefix?: string };
  readonly database: Variable;
  readonly username: Variable;
  readonly password: Variable;
  /** Variables with a fixed value, such as Laravel's `DB_CONNECTION: "pgsql"`. @default none */
  readonly fixed?: Readonly<Record<string, string>>;
  /**
   * The variables that tell the app how to encrypt its connection, for each mode that it supports. The environment's
   * `server.sslmode` has to be one of them.
   * @default `disable`, which needs no variable
   */
  readonly tls?: Readonly<Partial<Record<SslMode, Readonly<Record<string, string>>>>>;
}

export type Dsn = UrlDsn | VariablesDsn;

/** How a job finds the server: by a name that its DNS resolves, or by the address that Consul has at rendering. */
export type ServerLookup =
  | { readonly by: "dns"; readonly host: string; readonly port: number }
  | { readonly by: "consul-template"; readonly service: string };

export interface Connection {
  readonly server: ServerLookup;
  readonly sslmode: SslMode;
  /** The certificate (PEM) of the authority that signed the server's. @default none: nothing is verified */
  readonly ca?: string | undefined;
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
export const libpq: VariablesDsn = {
  style: "variables",
  server: { host: "PGHOST", port: "PGPORT" },
  database: "PGDATABASE",
  username: "PGUSER",
  password: "PGPASSWORD",
  tls: {
    disable: { PGSSLMODE: "disable" },
    require: { PGSSLMODE: "require" },
    "verify-ca": { PGSSLMODE: "verify-ca", PGSSLROOTCERT: caPath },
    "verify-full": { PGSSLMODE: "verify-full", PGSSLROOTCERT: caPath },
  },
};

/**
 * The same for an app that connects by libpq, as PHP's `pdo_pgsql` does, and gives it no `sslmode` of its own: libpq reads these
 * variables then. `disable` sets nothing, so that a running job stays as it is.
 * Source: https://www.postgresql.org/docs/16/libpq-envars.html
 */
export const libpqTls: NonNullable<VariablesDsn["tls"]> = { ...libpq.tls, disable: {} };

/** The modes that an app can be told. */
export function modesOf(dsn: Dsn): readonly SslMode[] {
  if (dsn.style === "url") return sslModes;
  return sslModes.filter((mode) =>
    dsn.tls === undefined ? mode === "disable" : dsn.tls[mode] !== undefined,
  );
}

/** The certificate that a task needs beside its DSN. A certificate is no secret. */
export function caFile({ ca }: Pick<Connection, "ca">): TextTemplate[] {
  return ca === undefined ? [] : [file(caPath, fixedText(ca), "0644")];
}

/**
 * The env file that gives a task its DSN, in the task's secrets folder, which is kept in memory. `onChange`: what becomes
 * of the task when the password or the server's address changes.
 */
export function dsnFile(dsn: Dsn, connection: Connection, onChange: Template["ChangeMode"]): TextTemplate {
  const lines = (host: Expression, port: Expression, password: Expression): string =>
    linesOf(dsn, connection.sslmode, {
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

function linesOf(dsn: Dsn, mode: SslMode, parts: Parts): string {
  switch (dsn.style) {
    case "url":
      return [
        ...Object.entries(dsn.fixed ?? {}).map(([name, value]) => envLine(name, text(value))),
        envLine(dsn.variable, url(dsn, mode, parts)),
      ].join("");
    case "variables":
      return [
        ...Object.entries({ ...dsn.fixed, ...dsn.tls?.[mode] }).map(([name, value]) =>
          envLine(name, text(value)),
        ),
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
  if (dsn.style === "url") return [...Object.keys(dsn.fixed ?? {}), dsn.variable];
  const { server, database, username, password, fixed = {}, tls = {} } = dsn;
  const where = "address" in server ? [server.address] : [server.host, server.port];
  const encryption = Object.values(tls).flatMap((variables) => Object.keys(variables));
  return [
    ...new Set([...Object.keys(fixed), ...encryption]),
    ...where.flat(),
    ...[database, username, password].flat(),
  ];
}

function url(dsn: UrlDsn, mode: SslMode, parts: Parts): Expression {
  const encryption = { sslmode: mode, ...(verifies(mode) ? { sslrootcert: caPath } : {}) };
  const query = new URLSearchParams({ ...encryption, ...dsn.parameters }).toString().replaceAll("+", "%20");
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
