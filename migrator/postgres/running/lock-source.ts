import type { Client } from "pg";
import { tablesOf } from "../catalog";
import { messageOf, Refused } from "../../base/errors";
import type { Deadline } from "../../base/deadline";

/** A session of the stopped app may still be ending. */
const endingSeconds = 5;

/**
 * Nobody else's session is in the source's database: whoever comes could write.
 * @throws Refused naming their programs.
 */
export async function requireNobody(source: Client, deadline: Deadline): Promise<void> {
  const patience = deadline.within(endingSeconds);
  let others: string[] = [];
  const look = async () => {
    // A transaction would go on seeing who was there when it first looked.
    await source.query("SELECT pg_stat_clear_snapshot()");
    // Of a session of another role, one who is no superuser is shown this much and nothing else.
    const result = await source.query<{ name: string }>(`
      SELECT coalesce(nullif(application_name, ''), 'role ' || usename) AS name FROM pg_stat_activity
      WHERE datname = current_database() AND usename IS NOT NULL AND pid <> pg_backend_pid()
        AND coalesce(backend_type, 'client backend') = 'client backend'`);
    others = result.rows.map(({ name }) => name);
    return others.length === 0 || patience.remaining === 0 ? true : undefined;
  };
  await patience.until(look, () => "");
  if (others.length > 0)
    throw new Refused(
      `${others.length} other session(s) are connected to the source's database (${others.join(", ")}). Stop the app and every other ` +
        "client. Keep the server running",
    );
}

/**
 * Begins a transaction in which nobody can write to a table of the app's: each is locked before the snapshot is taken by
 * which everything is read, until the session ends.
 * @returns the snapshot's name, for other sessions to look at the same.
 * @throws Refused when something holds a table that it has written to, or the role has not the rights.
 */
export async function lockTables(source: Client): Promise<string> {
  const tables = await tablesOf(source);
  await source.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  const all = tables.map(({ qualified }) => `ONLY ${qualified}`).join(", ");
  if (tables.length > 0)
    await source.query(`LOCK TABLE ${all} IN SHARE MODE`).catch((error: unknown) => {
      throw explain(error);
    });
  const result = await source.query<{ snapshot: string }>("SELECT pg_export_snapshot() AS snapshot");
  if (JSON.stringify(await tablesOf(source)) !== JSON.stringify(tables))
    throw new Refused(
      "the source's tables changed while they were being locked: a client still writes to them. Stop the app",
    );
  return result.rows[0]!.snapshot;
}

/** Turns what the source says no with into words. */
export function explain(error: unknown): unknown {
  const { code } = error as { code?: string };
  if (code === "55P03")
    return new Refused(
      "could not lock one of the source's tables within 10 s: a client still writes to it. Stop the app. A " +
        "prepared transaction that never ended is listed in pg_prepared_xacts",
    );
  if (code === "42501")
    return new Refused(
      `permission denied: the source's role cannot read and lock every table: ${messageOf(error)}. Use the app's own role, which owns ` +
        "the tables, or a superuser",
    );
  return error;
}
