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
export async function refreshViews(source: ClientBase, target: ClientBase): Promise<void> {
  const found = await source.query<{ name: string }>(filledViews);
  for (const { name } of found.rows) await target.query(`REFRESH MATERIALIZED VIEW ${name}`);
}
