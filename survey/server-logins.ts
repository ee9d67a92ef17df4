/** What of a running server would stop working when pgmoor's job takes its place: logins, and libraries that are preloaded. */
import type { Environment } from "../environments/model/environment";
import { asAdmin, isAdmin } from "./postgres";
import type { Place } from "./server";
import type { Secret } from "./vault";

export interface ServerLogins {
  /** Roles whose password the server keeps as an MD5 hash, which `scram-sha-256` does not accept. */
  readonly md5: readonly string[];
  /** Roles that use a database of another name without being a member of a role of that name: `ROLE in DATABASE`. */
  readonly elsewhere: readonly string[];
  /** Roles of the environment's services that have sessions without TLS. */
  readonly unencrypted: readonly string[];
  /** Its `shared_preload_libraries`. */
  readonly preloaded: readonly string[];
}

const queries = {
  md5: "SELECT rolname AS name FROM pg_authid WHERE rolcanlogin AND rolpassword LIKE 'md5%' ORDER BY 1",
  elsewhere: `
    SELECT DISTINCT usename || ' in ' || datname AS name FROM pg_stat_activity a
     WHERE client_addr IS NOT NULL AND usename <> datname AND usename <> current_user AND backend_type = 'client backend'
       AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = a.datname AND pg_has_role(a.usesysid, r.oid, 'MEMBER'))
     ORDER BY 1`,
  unencrypted: `
    SELECT DISTINCT usename AS name FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)
     WHERE NOT ssl AND client_addr IS NOT NULL AND backend_type = 'client backend' ORDER BY 1`,
  preloaded: `
    SELECT trim(library, ' "') AS name FROM unnest(string_to_array(current_setting('shared_preload_libraries'), ',')) AS library
     WHERE library <> '' ORDER BY 1`,
} as const;

/** @returns undefined when nobody could look */
export async function serverLogins(
  environment: Environment,
  place: Place,
  admin: Secret,
): Promise<ServerLogins | undefined> {
  if (!isAdmin(admin)) return undefined;
  return asAdmin(environment, place, admin, "postgres", async (client) => {
    const names = async (sql: string) =>
      (await client.query<{ name: string }>(sql)).rows.map(({ name }) => name);
    return {
      md5: await names(queries.md5),
      elsewhere: await names(queries.elsewhere),
      unencrypted: await names(queries.unencrypted),
      preloaded: await names(queries.preloaded),
    };
  }).catch(() => undefined);
}
