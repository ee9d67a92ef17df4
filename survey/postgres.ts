/** Asks the central PostgreSQL, as its admin, which roles and databases it has, and tries passwords. */
import type { Client } from "pg";
import type { Environment } from "../environments/model/environment";
import type { Found } from "./found";
import { asRole, isMissingDatabase, isWrongPassword, type Place } from "./server";
import type { Secret } from "./vault";

/**
 * `work` as the admin. A database's owner chooses its search_path: an operator of theirs would run as the admin.
 * @param admin a secret that `isAdmin`
 * @throws what the server or the network says
 */
export function asAdmin<T>(
  environment: Environment,
  place: Place,
  { data: { username, password } }: AdminSecret,
  database: string,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  return asRole([environment, place, username, password, database], async (client) => {
    await client.query("SET search_path = pg_catalog");
    return work(client);
  });
}

export interface AdminSecret extends Secret {
  readonly data: { readonly username: string; readonly password: string };
}

export function isAdmin(secret: Secret): secret is AdminSecret {
  const { username, password } = secret.data;
  return typeof username === "string" && typeof password === "string";
}

/** @returns undefined when the server or the admin is not to be had */
async function askAdmin<T>(
  environment: Environment,
  place: Place,
  admin: Secret,
  database: string,
  work: (client: Client) => Promise<T>,
): Promise<T | undefined> {
  if (!isAdmin(admin)) return undefined;
  return asAdmin(environment, place, admin, database, work).catch(() => undefined);
}

export interface Contents {
  readonly version: string;
  /** The names of all of them. */
  readonly roles: ReadonlySet<string>;
  /** The owner of each, by its name. */
  readonly databases: ReadonlyMap<string, string>;
}

/** What the server has. @returns undefined when nobody could look */
export function contentsOf(
  environment: Environment,
  place: Place,
  admin: Secret,
): Promise<Contents | undefined> {
  return askAdmin(environment, place, admin, "postgres", async (client) => {
    const names = async (sql: string) =>
      new Set((await client.query<{ name: string }>(sql)).rows.map(({ name }) => name));
    const [version] = await names("SELECT current_setting('server_version') AS name");
    const databases = await client.query<{ name: string; owner: string }>(
      "SELECT datname AS name, pg_get_userbyid(datdba) AS owner FROM pg_database",
    );
    return {
      version: version!,
      roles: await names("SELECT rolname AS name FROM pg_roles"),
      databases: new Map(databases.rows.map(({ name, owner }) => [name, owner])),
    };
  });
}

/** Whether a database has tables, those of extensions apart. */
export async function hasTables(
  environment: Environment,
  place: Place,
  admin: Secret,
  database: string,
): Promise<boolean> {
  const sql = `SELECT FROM pg_class AS c WHERE relkind IN ('r', 'p') AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e') LIMIT 1`;
  const found = await askAdmin(environment, place, admin, database, (client) => client.query(sql));
  return (found?.rowCount ?? 0) > 0;
}

/** Whether the role takes the password. PostgreSQL says that a database is missing only to who has logged in. */
export async function tryLogin(
  environment: Environment,
  place: Place,
  name: string,
  { data }: Secret,
): Promise<Found["login"]> {
  if (typeof data.password !== "string") return "unknown";
  return asRole([environment, place, name, data.password, name], () =>
    Promise.resolve("works" as const),
  ).catch((error: unknown) =>
    isWrongPassword(error) ? "refused" : isMissingDatabase(error) ? "works" : "unknown",
  );
}

/**
 * `work` as the service's role.
 * @returns undefined when its database is not to be had, or says no
 */
export async function asService<T>(
  environment: Environment,
  place: Place,
  name: string,
  { data }: Secret,
  work: (client: Client) => Promise<T>,
): Promise<T | undefined> {
  if (typeof data.password !== "string") return undefined;
  return asRole([environment, place, name, data.password, name], work).catch(() => undefined);
}
