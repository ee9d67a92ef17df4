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

/** Who is in the database besides us. */
export interface Presence {
  /** Sessions of the service's role. */
  readonly own: readonly {
    /** Its program's name, `""` if it does not say. */
    readonly name: string;
    /** Its statement: the one at work, or the last one. `""` when it has had none yet. */
    readonly statement: string;
  }[];
  /** Sessions of other roles: an administrator's, a backup's, a monitor's. What they do, nobody else is told. */
  readonly others: number;
}

export async function presence(client: ClientBase): Promise<Presence> {
  const { rows } = await client.query<{ own: boolean; name: string | null; statement: string | null }>(`
    SELECT usename = current_user AS own, application_name AS name, query AS statement FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL
      AND NOT (usename = current_user AND (backend_type <> 'client backend'
               OR application_name = current_setting('application_name')))`);
  const own = rows.filter((row) => row.own);
  return {
    own: own.map(({ name, statement }) => ({ name: name ?? "", statement: statement ?? "" })),
    others: rows.length - own.length,
  };
}

/** What drivers, pools and tools ask by themselves, without a look at a table of the app's. */
const idle = [
  /^(?:set|show|reset|discard|deallocate|begin|start transaction|listen)\b/i,
  /^select (?:1|version\(\)|now\(\)|current_\w+(?:\([^)]*\))?)(?: as \w+)?(?: limit 1)?$/i,
  /\b(?:from|join) (?:pg_catalog\.|information_schema\.|pg_(?:class|type|namespace|attribute|database|roles|stat_\w+)\b)/i,
];

/** Whether a statement may have touched a table of the app's. */
export function isWork(statement: string): boolean {
  const words = statement.replaceAll(/\/\*.*?\*\/|--[^\n]*/gs, " ").replaceAll(/\s+/g, " ");
  const bare = words.replace(/[ ;]+$/, "").trimStart();
  return bare !== "" && !idle.some((pattern) => pattern.test(bare));
}
