/** Whether tables and indexes of a restored data directory are sound: PostgreSQL's own `pg_amcheck`. */
import { Failed } from "../base/errors";
import type { Log } from "../base/progress";
import type { DatabaseLogin } from "../server/login";
import { adminOf, asAdmin } from "./admin";
import { runTool } from "./tools";

/** Exit code of `pg_amcheck` for corruption. Source: `src/bin/pg_amcheck/pg_amcheck.c` of PostgreSQL 16. */
const corrupt = 2;

/**
 * Looks at every page of every table, and at every B-tree index. Makes the extension `amcheck` in each database: only on a
 * server that is thrown away.
 * @returns whether it could look: the server's image may not have the extension
 * @throws Failed naming what is corrupt
 */
export async function checkPages(
  server: DatabaseLogin["variables"],
  log: Log,
  stop: AbortSignal,
): Promise<boolean> {
  const has = await asAdmin(adminOf(server), (client) =>
    client.query("SELECT FROM pg_available_extensions WHERE name = 'amcheck'"),
  );
  if (has.rowCount === 0) {
    log("amcheck: the server's image does not have this extension, so pages and indexes were not checked");
    return false;
  }
  const args = ["--all", "--install-missing", "--heapallindexed", "--jobs=2", "--no-password"];
  const { PGDATABASE: _, ...env } = adminOf(server).variables;
  const ended = await runTool({ program: "pg_amcheck", args, env, stop });
  if (ended.code === 0) {
    log("amcheck: every page and every B-tree index is sound");
    return true;
  }
  const found = ended.stdout.trim().split("\n").slice(0, 6).join("\n") || ended.said;
  throw new Failed(
    ended.code === corrupt
      ? `the base backup has corrupt pages or indexes: ${found}`
      : `pg_amcheck failed: ${ended.said}`,
  );
}
