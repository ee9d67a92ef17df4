import type { ClientBase } from "pg";

/**
 * Sessions of the service's role in this database, other than our own.
 * @returns their programs' names, `""` for one that does not say.
 */
export async function otherSessions(client: ClientBase): Promise<string[]> {
  const result = await client.query<{ name: string }>(`
    SELECT coalesce(application_name, '') AS name FROM pg_stat_activity
    WHERE datname = current_database() AND usename = current_user AND backend_type = 'client backend'
      AND application_name <> current_setting('application_name')`);
  return result.rows.map(({ name }) => name);
}
