import type { ClientBase } from "pg";
import { literal, identifier } from "../base/quoting";

/** Of the session: what a name without a schema is looked for in. */
export async function searchPathOf(source: ClientBase): Promise<string> {
  // Without `$user` and what is not there. pg_catalog is looked into first unless it is named.
  const result = await source.query<{ schemas: string[] }>(
    "SELECT current_schemas(false)::text[] AS schemas",
  );
  return (result.rows[0]?.schemas ?? []).map(identifier).join(", ");
}

/**
 * What the app's sessions are set to on the source, by ALTER DATABASE and ALTER ROLE: the dump holds none of it. The search
 * path also where the server's own command says it, as images for pgvecto.rs do.
 * @param source a session that has not set its search path.
 */
export async function settingsOf(source: ClientBase): Promise<Map<string, string>> {
  const path = await source.query<{ setting: string; usual: boolean }>(
    "SELECT setting, setting = boot_val AS usual FROM pg_settings WHERE name = 'search_path'",
  );
  const stored = await source.query<{ name: string; value: string }>(`
    SELECT split_part(entry, '=', 1) AS name, substr(entry, strpos(entry, '=') + 1) AS value
    FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) entry
    WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
      AND s.setrole IN (0, (SELECT oid FROM pg_roles WHERE rolname = current_user))
    ORDER BY s.setrole <> 0, s.setdatabase <> 0`);
  const settings = new Map(stored.rows.map(({ name, value }) => [name, value]));
  const [{ setting = "", usual = true } = {}] = path.rows;
  if (!usual) settings.set("search_path", setting);
  return settings;
}

/**
 * Puts them on the target's database, and but for time-outs on the session, in the caller's transaction.
 * @returns those that only an admin may set there.
 */
export async function applySettings(
  target: ClientBase,
  settings: ReadonlyMap<string, string>,
): Promise<string[]> {
  const refused: string[] = [];
  const [{ database = "" } = {}] = (
    await target.query<{ database: string }>("SELECT current_database() AS database")
  ).rows;
  for (const [name, value] of settings) {
    await target.query("SAVEPOINT setting");
    try {
      const parameter = name.split(".").map(identifier).join(".");
      const set = `ALTER DATABASE ${identifier(database)} SET ${parameter}`;
      // What ends a session that takes too long would end ours.
      if (name.endsWith("_timeout")) await target.query(`${set} TO ${literal(value)}`);
      else {
        // By way of the session: a list of schemas in an ALTER DATABASE would be taken for one name.
        await target.query("SELECT set_config($1, $2, true)", [name, value]);
        await target.query(`${set} FROM CURRENT`);
      }
    } catch (error) {
      await target.query("ROLLBACK TO setting");
      if (!/^(42|22|55P02)/.test((error as { code?: string }).code ?? "")) throw error;
      refused.push(name);
    }
  }
  return refused;
}
