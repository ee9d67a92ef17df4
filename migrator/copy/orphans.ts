/** Rows of tables that no copy fills, which refer to rows that a copy replaces. */
import type { ClientBase } from "pg";
import { identifier } from "../base/quoting";
import type { TablePlan } from "./copy-plan";

/** A foreign key from a table that is left alone to one that is copied. */
interface Reference {
  readonly table: string;
  readonly columns: readonly string[];
  readonly referenced: string;
  readonly referencedColumns: readonly string[];
}

/** To be asked before foreign keys are put aside. */
export async function referencesFromOutside(
  client: ClientBase,
  plans: readonly TablePlan[],
): Promise<Reference[]> {
  const columns = (key: string, table: string) =>
    `(SELECT array_agg(a.attname::text ORDER BY n) FROM unnest(k.${key}) WITH ORDINALITY u(number, n)
      JOIN pg_attribute a ON a.attrelid = k.${table} AND a.attnum = u.number)`;
  const result = await client.query<Reference>(
    `SELECT conrelid::regclass::text AS table, confrelid::regclass::text AS referenced,
            ${columns("conkey", "conrelid")} AS columns, ${columns("confkey", "confrelid")} AS "referencedColumns"
     FROM pg_constraint k
     WHERE contype = 'f' AND conparentid = 0 AND confrelid = ANY ($1) AND conrelid <> ALL ($1) ORDER BY oid`,
    [plans.map(({ target }) => target.oid)],
  );
  return result.rows;
}

/**
 * Removes the rows whose reference leads nowhere now. Only for rows that are kept elsewhere: an attempt before wrote them, or
 * the app after it, and they are of no use without what they refer to.
 */
export async function removeOrphans(
  client: ClientBase,
  references: readonly Reference[],
  log: (line: string) => void,
): Promise<void> {
  for (const { table, columns, referenced, referencedColumns } of references) {
    const equal = columns.map(
      (column, place) => `r.${identifier(referencedColumns[place]!)} = o.${identifier(column)}`,
    );
    const set = columns.map((column) => `o.${identifier(column)} IS NOT NULL`);
    const { rowCount } = await client.query(
      `DELETE FROM ${table} o WHERE ${set.join(" AND ")} AND NOT EXISTS (SELECT FROM ${referenced} r WHERE ${equal.join(" AND ")})`,
    );
    if (rowCount)
      log(
        `${table}: ${rowCount} rows removed, which refer to rows of ${referenced} that are not in the source`,
      );
  }
}
