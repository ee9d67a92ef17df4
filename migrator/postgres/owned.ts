import type { ClientBase } from "pg";
import { Refused } from "../base/errors";
import { ledgerSchema } from "../../services/ledger";
import { targetTables } from "../server/target";

/** What DROP can take, in an order in which no one holds the next; the rest goes with it. */
const droppable = [
  ...[
    "table",
    "foreign table",
    "materialized view",
    "view",
    "sequence",
    "aggregate",
    "function",
    "procedure",
    "type",
  ],
  ...["operator class", "operator family", "operator", "collation", "conversion", "statistics object"],
  ...["text search configuration", "text search dictionary", "publication", "schema"],
];

/** Everything of the role's own in the database, but the ledger and what belongs to an extension. */
const owned = `
  SELECT i.type, i.identity
  FROM pg_shdepend s
  CROSS JOIN LATERAL pg_identify_object(s.classid, s.objid, 0) i
  WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND s.deptype = 'o'
    AND s.refclassid = 'pg_authid'::regclass AND s.refobjid = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    AND coalesce(i.schema, '') <> $1 AND NOT (i.type = 'schema' AND i.name = $1)
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = s.classid AND d.objid = s.objid AND d.deptype = 'e')
    AND i.type = ANY ($2)
  ORDER BY array_position($2, i.type)`;

/**
 * Drops everything of the role's own but the ledger, in the caller's transaction: what an attempt before has restored, or the
 * app has built here. Extensions and their schemas are the admin's.
 * @throws Refused naming what another role has made on top of it, such as an admin's view: CASCADE would drop that, too.
 */
export async function dropOwned(client: ClientBase): Promise<void> {
  await requireNoneOfOthers(client);
  const found = await client.query<{ type: string; identity: string }>(owned, [ledgerSchema, droppable]);
  for (const { type, identity } of found.rows) {
    const kind = type === "statistics object" ? "STATISTICS" : type.toUpperCase();
    await client.query(`DROP ${kind} IF EXISTS ${identity} CASCADE`);
  }
}

/** Keeps everybody else away from the role's tables, in the caller's transaction. */
export async function lockOwned(client: ClientBase): Promise<void> {
  const tables = await targetTables(client, "owned");
  if (tables.length > 0)
    await client.query(
      `LOCK TABLE ${tables.map(({ qualified }) => qualified).join(", ")} IN ACCESS EXCLUSIVE MODE`,
    );
}

/** What hangs on the role's own objects and is another role's. A view hangs by its rule, a foreign key is a table's. */
const ofOthers = `
  WITH RECURSIVE gone(classid, objid) AS (
    SELECT s.classid, s.objid FROM pg_shdepend s
    WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND s.deptype = 'o'
      AND s.refclassid = 'pg_authid'::regclass AND s.refobjid = (SELECT oid FROM pg_roles WHERE rolname = current_user)
      AND s.classid NOT IN ('pg_namespace'::regclass, 'pg_extension'::regclass)
    UNION
    SELECT next.* FROM gone CROSS JOIN LATERAL (
      SELECT d.classid, d.objid FROM pg_depend d
      WHERE d.refclassid = gone.classid AND d.refobjid = gone.objid AND d.deptype IN ('n', 'a', 'i')
      UNION ALL
      SELECT d.refclassid, d.refobjid FROM pg_depend d
      WHERE d.classid = gone.classid AND d.objid = gone.objid AND d.deptype = 'i' AND d.classid = 'pg_rewrite'::regclass
    ) next
  )
  SELECT DISTINCT format('%s (of role %s)', pg_describe_object(g.classid, g.objid, 0), owner::regrole) AS name
  FROM gone g CROSS JOIN LATERAL (
    SELECT relowner FROM pg_class WHERE g.classid = 'pg_class'::regclass AND oid = g.objid
    UNION ALL SELECT proowner FROM pg_proc WHERE g.classid = 'pg_proc'::regclass AND oid = g.objid
    UNION ALL SELECT c.relowner FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
      WHERE g.classid = 'pg_constraint'::regclass AND k.oid = g.objid
  ) o(owner)
  WHERE owner <> (SELECT oid FROM pg_roles WHERE rolname = current_user) ORDER BY 1`;

async function requireNoneOfOthers(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ name: string }>(ofOthers);
  if (rows.length > 0)
    throw new Refused(
      `the move replaces the app's tables in the target, and objects of other roles depend on them: ` +
        `${rows.map(({ name }) => name).join(", ")}. Drop these, and create them again after the move`,
    );
}

/** Schemas that are there: our own, those of extensions, those of PostgreSQL. */
export async function schemasOf(client: ClientBase): Promise<string[]> {
  const result = await client.query<{ name: string }>("SELECT nspname AS name FROM pg_namespace");
  return result.rows.map(({ name }) => name);
}
