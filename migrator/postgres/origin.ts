import type { Client } from "pg";
import { searchPathOf, settingsOf } from "./settings";

/** A source that is about to be copied: nothing changes in it any more. */
export interface Origin {
  /** Has an empty search path: what it prints as a name it prints with its schema. */
  readonly client: Client;
  /** What the app's sessions are set to. */
  readonly settings: ReadonlyMap<string, string>;
  /** Where they look for a name without a schema. */
  readonly searchPath: string;
  /** Names of its schemas by their OIDs. */
  readonly schemas: ReadonlyMap<string, string>;
}

/** @param client a session that has not set its search path. */
export async function originOf(client: Client): Promise<Origin> {
  const [settings, searchPath] = [await settingsOf(client), await searchPathOf(client)];
  const found = await client.query<{ oid: string; name: string }>(
    "SELECT oid::text, nspname AS name FROM pg_namespace",
  );
  const schemas = new Map(found.rows.map(({ oid, name }) => [oid, name]));
  await qualifyNames(client);
  return { client, settings, searchPath, schemas };
}

/** Has a session print names with their schemas. */
export async function qualifyNames(client: Client): Promise<void> {
  await client.query("SELECT set_config('search_path', '', false)");
}
