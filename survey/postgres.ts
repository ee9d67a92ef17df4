/** Asks the central PostgreSQL, as its admin, which roles and databases it has, and tries passwords. */
import type { Client } from "pg";
import type { Environment } from "../environments/model/environment";
import { connectOnce } from "../migrator/server/connection";
import type { Found } from "./found";
import { loginAs, type Place } from "./server";
import type { Secret } from "./vault";

const patienceMilliseconds = 3_000;

/** `work` as the admin. @returns undefined when the server or the admin is not to be had */
async function asAdmin<T>(
  environment: Environment,
  place: Place,
  admin: Secret,
  database: string,
  work: (client: Client) => Promise<T>,
): Promise<T | undefined> {
  const { username, password } = admin.data;
  if (typeof username !== "string" || typeof password !== "string") return undefined;
  try {
    const login = loginAs(environment, place, username, password, database);
    const client = await connectOnce(login, patienceMilliseconds);
    try {
      // A database's owner chooses its search_path: an operator of theirs would run as the admin.
      await client.query("SET search_path = pg_catalog");
      return await work(client);
    } finally {
      await client.end();
    }
  } catch {
    return undefined;
  }
}

export interface Contents {
  readonly version: string;
  /** Their names, of all of them. */
  readonly roles: ReadonlySet<string>;
  readonly databases: ReadonlySet<string>;
}

/** What the server has. @returns undefined when nobody could look */
export function contentsOf(
  environment: Environment,
  place: Place,
  admin: Secret,
): Promise<Contents | undefined> {
  return asAdmin(environment, place, admin, "postgres", async (client) => {
    const names = async (sql: string) =>
      new Set((await client.query<{ name: string }>(sql)).rows.map(({ name }) => name));
    const [version] = await names("SELECT current_setting('server_version') AS name");
    return {
      version: version!,
      roles: await names("SELECT rolname AS name FROM pg_roles"),
      databases: await names("SELECT datname AS name FROM pg_database"),
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
  const found = await asAdmin(environment, place, admin, database, (client) => client.query(sql));
  return (found?.rowCount ?? 0) > 0;
}

/** Whether the role takes the password. */
export async function tryLogin(
  environment: Environment,
  place: Place,
  name: string,
  { data }: Secret,
): Promise<Found["login"]> {
  if (typeof data.password !== "string") return "unknown";
  try {
    const client = await connectOnce(
      loginAs(environment, place, name, data.password, name),
      patienceMilliseconds,
    );
    await client.end();
    return "works";
  } catch (error) {
    // A wrong password alone: pg_hba.conf may refuse this machine, and the role's connections may all be in use.
    return (error as { code?: string }).code === "28P01" ? "refused" : "unknown";
  }
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
  try {
    const client = await connectOnce(
      loginAs(environment, place, name, data.password, name),
      patienceMilliseconds,
    );
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  } catch {
    return undefined;
  }
}
