import type { ClientBase } from "pg";
import { ofTheApp } from "./catalog";

/** Materialized views that hold rows, those that others are made from first. */
const filledViews = `
  WITH RECURSIVE reads(reader, source) AS (
    SELECT DISTINCT r.ev_class, d.refobjid FROM pg_rewrite r
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
  ), steps(view, step) AS (
    SELECT oid, 0 FROM pg_class WHERE relkind = 'm'
    UNION SELECT reads.reader, step + 1 FROM reads JOIN steps ON reads.source = steps.view
  )
  SELECT format('%I.%I', n.nspname, c.relname) AS name
  FROM pg_class c JOIN pg_namespace n ON ${ofTheApp("pg_class", "relnamespace")}
  WHERE c.relkind = 'm' AND c.relispopulated
  ORDER BY (SELECT max(step) FROM steps WHERE view = c.oid), 1`;

/** Fills the target's materialized views where the source's are: they hold no rows of their own. */
export async function refreshViews(source: ClientBase, target: ClientBase): Promise<string[]> {
  const found = await source.query<{ name: string }>(filledViews);
  for (const { name } of found.rows) await target.query(`REFRESH MATERIALIZED VIEW ${name}`);
  return found.rows.map(({ name }) => name);
}

/**
 * Fills the role's materialized views anew, in the caller's transaction: they hold what the tables held before.
 * @returns a line for each; one for those of other roles, which the role may not fill.
 */
export async function refreshOwnViews(client: ClientBase): Promise<string[]> {
  const found = await client.query<{ name: string; own: boolean }>(
    `SELECT f.name, pg_has_role(c.relowner, 'USAGE') AS own
     FROM (SELECT name, row_number() OVER () AS place FROM (${filledViews}) v) f JOIN pg_class c ON c.oid = f.name::regclass ORDER BY f.place`,
  );
  const lines: string[] = [];
  for (const { name, own } of found.rows) {
    if (own) await client.query(`REFRESH MATERIALIZED VIEW ${name}`);
    lines.push(
      own
        ? `materialized view ${name}: refreshed`
        : `materialized view ${name}: not refreshed, as another role owns it. As that role, run: REFRESH MATERIALIZED VIEW ${name}`,
    );
  }
  return lines;
}
