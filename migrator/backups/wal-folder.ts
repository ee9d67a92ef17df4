import type { ClientBase } from "pg";

/**
 * The folder of a server's WAL: one for each history of it. A restored server goes on with a new timeline, and its WAL must
 * not get among that of the history that was left.
 */
export async function walFolderOf(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ system: string; timeline: number }>(
    "SELECT system_identifier::text AS system, timeline_id AS timeline FROM pg_control_system(), pg_control_checkpoint()",
  );
  return `${rows[0]!.system}-${rows[0]!.timeline}`;
}
