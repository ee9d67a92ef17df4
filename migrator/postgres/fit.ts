import type { Client, ClientBase } from "pg";
import { Refused } from "../base/errors";
import type { Run } from "../server/run";
import { requireExtensions } from "./extensions";
import { requirePrograms } from "./programs";
import { forced, requireAllRows } from "../server/row-security";

/** PostgreSQL's major version of a session's server. */
export async function serverMajor(client: ClientBase): Promise<number> {
  const result = await client.query<{ major: number }>(
    "SELECT current_setting('server_version_num')::int / 10000 AS major",
  );
  return result.rows[0]!.major;
}

/**
 * A dump is read by its own version of PostgreSQL or a later one, and made by a client program as new as the server: so the
 * programs are of the target's version, and the source is no newer.
 * @param from the source's major version.
 */
export async function requireVersions(run: Run, from: number, target: Client): Promise<void> {
  const to = await serverMajor(target);
  if (from > to) {
    throw new Refused(
      `the source runs PostgreSQL ${from} and the central server ${to}: downgrades are not possible. Upgrade the central server to ${from} or later`,
    );
  }
  await requirePrograms(run, to);
}

/**
 * Looks at what both sides have, before anything of the target is touched.
 * @throws Refused for what the target could not take.
 */
export async function requireFit(run: Run, source: Client, target: Client): Promise<void> {
  const objects = await source.query("SELECT FROM pg_largeobject_metadata LIMIT 1");
  if (objects.rowCount) {
    throw new Refused(
      "the source has large objects (pg_largeobject), which pgmoor does not move. Store them in columns",
    );
  }
  await requireAllRows(target);
  await requireNoForced(source, target);
  for (const name of await requireExtensions(source, target)) {
    run.log(`extension ${name} is not in the target, and the source does not use it: not copied`);
  }
}

/** What the source's tables are, the target's will be: the proof has to see all of their rows. */
async function requireNoForced(source: Client, target: Client): Promise<void> {
  const role = await target.query<{ name: string; bound: boolean }>(
    "SELECT rolname AS name, NOT (rolsuper OR rolbypassrls) AS bound FROM pg_roles WHERE rolname = current_user",
  );
  const tables = await source.query<{ name: string }>(
    "SELECT oid::regclass::text AS name FROM pg_class WHERE relkind IN ('r', 'p') AND relrowsecurity AND relforcerowsecurity ORDER BY 1",
  );
  const [{ name, bound }] = role.rows as [{ name: string; bound: boolean }];
  if (bound && tables.rows.length > 0)
    throw new Refused(
      forced(
        tables.rows.map((table) => table.name),
        name,
        "of the source",
      ),
    );
}
