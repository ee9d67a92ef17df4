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
}

/** @param client a session that has not set its search path. */
export async function originOf(client: Client): Promise<Origin> {
  const [settings, searchPath] = [await settingsOf(client), await searchPathOf(client)];
  await qualifyNames(client);
  return { client, settings, searchPath };
}

/** Has a session print names with their schemas. */
export async function qualifyNames(client: Client): Promise<void> {
  await client.query("SELECT set_config('search_path', '', false)");
}
