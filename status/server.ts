/** What the server's admin can tell of the services' databases without a session in them. */
import type { Environment } from "../environments/model/environment";
import { messageOf } from "../migrator/base/errors";
import { asAdmin, isAdmin } from "../survey/postgres";
import type { Place } from "../survey/server";
import type { Secret } from "../survey/vault";
import type { Connections, DatabaseStatus } from "./report";

export interface ServerContents {
  readonly connections: Connections;
  /** By name; of those that were asked for and are there. */
  readonly databases: ReadonlyMap<string, DatabaseStatus>;
}

/** An admin that is no superuser may not know the size of a database that it may not connect to. */
const databasesSql = `
  SELECT d.datname AS name,
         CASE WHEN has_database_privilege(d.oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE')
              THEN pg_database_size(d.oid)::float8 END AS bytes,
         r.rolconnlimit AS limit,
         (SELECT count(*)::int FROM pg_stat_activity a WHERE a.usename = r.rolname) AS open,
         s.blks_hit::float8 / nullif(s.blks_hit + s.blks_read, 0) AS "cacheHits"
    FROM pg_database d
    LEFT JOIN pg_roles r ON r.rolname = d.datname
    LEFT JOIN pg_stat_database s ON s.datid = d.oid
   WHERE d.datname = ANY ($1)`;

const connectionsSql = `
  SELECT count(*)::int AS open, current_setting('max_connections')::int AS limit
    FROM pg_stat_activity WHERE backend_type = 'client backend'`;

/** @returns why it cannot be asked, if it cannot */
export async function serverContents(
  environment: Environment,
  place: Place,
  admin: Secret,
  names: readonly string[],
): Promise<ServerContents | string> {
  if (!isAdmin(admin))
    return `has no known admin: ${environment.vault.mount}/${environment.server.adminSecret} in Vault lacks username or password`;
  try {
    // Only here as the admin. A database's owner decides what runs when somebody looks into it (search_path, views): a
    // superuser's session there would run it as a superuser.
    return await asAdmin(environment, place, admin, "postgres", async (client) => {
      const { rows } = await client.query<
        Omit<DatabaseStatus, "connections"> & Connections & { limit: number | null }
      >(databasesSql, [names]);
      const connections = await client.query<Connections>(connectionsSql);
      return {
        connections: connections.rows[0]!,
        databases: new Map(
          rows.map(({ open, limit, ...database }) => [
            database.name,
            { ...database, connections: limit === null ? null : { open, limit } },
          ]),
        ),
      };
    });
  } catch (error) {
    return `cannot be asked: ${messageOf(error)}`;
  }
}
