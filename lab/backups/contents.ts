/** What is in the services' databases, looked at without any of pgmoor's programs. */
import { asAdmin } from "../story/context";
import type { Ground } from "./ground";

/** Rows and a hash of every table, by database and table. */
export type Contents = Readonly<Record<string, string>>;

export async function contents(ground: Pick<Ground, "lab">, databases: readonly string[]): Promise<Contents> {
  const found: Record<string, string> = {};
  for (const database of databases)
    await asAdmin(ground.lab, database, async (client) => {
      const tables = await client.query<{ name: string }>(
        `SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables
          WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
      );
      for (const { name } of tables.rows) {
        const { rows } = await client.query<{ all: string }>(
          `SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, E'\\n' ORDER BY t::text)), '') AS all FROM ${name} AS t`,
        );
        found[`${database} ${name}`] = rows[0]!.all;
      }
    });
  return found;
}

/** Everything in which the two differ. */
export function different(before: Contents, after: Contents): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => before[name] !== after[name])
    .map((name) => `${name}: ${before[name] ?? "nothing"} before, ${after[name] ?? "nothing"} after`);
}
