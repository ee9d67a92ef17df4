import type { ClientBase } from "pg";
import { identifier } from "../base/quoting";
import { Failed } from "../base/errors";

/** Something that slows a copy down or stands in its way, and how it comes back. */
interface Aside {
  readonly remove: string;
  readonly restore: string;
}

const tables = "(SELECT unnest($1::oid[]))";

interface Constraint {
  readonly table: string;
  readonly name: string;
  readonly definition: string;
  readonly comment: string | null;
}

const constraints = `
  SELECT k.conrelid::regclass::text AS table, k.conname AS name, pg_get_constraintdef(k.oid) AS definition,
         quote_literal(obj_description(k.oid, 'pg_constraint')) AS comment
  FROM pg_constraint k`;

function constraintAside({ table, name, definition, comment }: Constraint): Aside {
  const constraint = identifier(name);
  const add = `ALTER TABLE ${table} ADD CONSTRAINT ${constraint} ${definition}`;
  return {
    remove: `ALTER TABLE ${table} DROP CONSTRAINT ${constraint}`,
    restore: comment === null ? add : `${add}; COMMENT ON CONSTRAINT ${constraint} ON ${table} IS ${comment}`,
  };
}

/** In the order they have to come back: indexes first, since a foreign key may rest on one. */
async function indexes(client: ClientBase, oids: readonly number[]): Promise<Aside[]> {
  // An index that is more than its definition (a constraint, clustered on, described, somewhere special, needed by another
  // object) stays where it is.
  const result = await client.query<{ name: string; definition: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name, pg_get_indexdef(i.indexrelid) AS definition
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE i.indrelid IN ${tables} AND c.relkind = 'i' AND c.reltablespace = 0
       AND i.indisvalid AND NOT i.indisprimary AND NOT i.indisclustered AND NOT i.indisreplident
       AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype <> 'f')
       AND NOT EXISTS (SELECT FROM pg_description d WHERE d.classoid = 'pg_class'::regclass AND d.objoid = c.oid)
       AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND coalesce(a.attstattarget, -1) <> -1)
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
                       AND NOT (d.classid = 'pg_constraint'::regclass AND EXISTS
                                (SELECT FROM pg_constraint k WHERE k.oid = d.objid AND k.contype = 'f')))
     ORDER BY c.oid`,
    [oids],
  );
  return result.rows.map(({ name, definition }) => ({ remove: `DROP INDEX ${name}`, restore: definition }));
}

/** Primary keys and unique constraints that are no more than their definition, of tables that are no partitions. */
async function uniqueKeys(client: ClientBase, oids: readonly number[]): Promise<Aside[]> {
  const result = await client.query<Constraint>(
    `${constraints}
     JOIN pg_class t ON t.oid = k.conrelid AND t.relkind = 'r' AND NOT t.relispartition
     JOIN pg_index i ON i.indexrelid = k.conindid JOIN pg_class c ON c.oid = i.indexrelid
     WHERE k.contype IN ('p', 'u') AND k.conrelid IN ${tables} AND c.reltablespace = 0 AND c.reloptions IS NULL
       AND NOT i.indisclustered AND NOT i.indisreplident
       AND NOT EXISTS (SELECT FROM pg_description d WHERE d.classoid = 'pg_class'::regclass AND d.objoid = c.oid)
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_constraint'::regclass AND d.refobjid = k.oid
                       AND d.deptype <> 'i')
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid
                       AND NOT (d.classid = 'pg_constraint'::regclass AND EXISTS
                                (SELECT FROM pg_constraint f WHERE f.oid = d.objid AND f.contype = 'f')))
     ORDER BY k.oid`,
    [oids],
  );
  return result.rows.map(constraintAside);
}

async function foreignKeys(client: ClientBase, oids: readonly number[]): Promise<Aside[]> {
  const result = await client.query<Constraint>(
    `${constraints}
     WHERE k.contype = 'f' AND k.conparentid = 0 AND (k.conrelid IN ${tables} OR k.confrelid IN ${tables})
     ORDER BY k.oid`,
    [oids],
  );
  return result.rows.map(constraintAside);
}

/** The app's triggers would change rows that are copied as they are; switched off, they keep everything else. */
async function triggers(client: ClientBase, oids: readonly number[]): Promise<Aside[]> {
  const result = await client.query<{ table: string; name: string; state: "O" | "R" | "A" }>(
    `SELECT tgrelid::regclass::text AS table, tgname AS name, tgenabled AS state FROM pg_trigger
     WHERE tgrelid IN ${tables} AND NOT tgisinternal AND tgparentid = 0 AND tgenabled <> 'D' ORDER BY oid`,
    [oids],
  );
  const how = { O: "ENABLE", R: "ENABLE REPLICA", A: "ENABLE ALWAYS" };
  return result.rows.map(({ table, name, state }) => ({
    remove: `ALTER TABLE ${table} DISABLE TRIGGER ${identifier(name)}`,
    restore: `ALTER TABLE ${table} ${how[state]} TRIGGER ${identifier(name)}`,
  }));
}

/** All keys, indexes and triggers of the tables, by name, definition and state. */
async function shape(client: ClientBase, oids: readonly number[]): Promise<string[]> {
  const result = await client.query<{ line: string }>(
    `SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated,
                      obj_description(oid, 'pg_constraint')) AS line
     FROM pg_constraint WHERE conrelid IN ${tables} OR confrelid IN ${tables}
     UNION ALL
     SELECT concat_ws(' ', 'index', pg_get_indexdef(indexrelid), indisvalid, indisclustered, indisreplident,
                      obj_description(indexrelid, 'pg_class'))
     FROM pg_index WHERE indrelid IN ${tables}
     UNION ALL
     SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(oid), tgenabled) FROM pg_trigger
     WHERE tgrelid IN ${tables} AND NOT tgisinternal
     ORDER BY line`,
    [oids],
  );
  return result.rows.map(({ line }) => line);
}

/**
 * Puts foreign keys, secondary indexes and triggers of the tables aside, inside the caller's transaction.
 * @param large those whose primary keys and unique constraints go aside as well: made again at once they are made faster,
 * but then nobody says which row breaks one.
 * @returns what brings them back under their names and definitions; the rows are checked then.
 */
export async function setAside(
  client: ClientBase,
  oids: readonly number[],
  large: readonly number[],
): Promise<() => Promise<void>> {
  const before = await shape(client, oids);
  const foreign = await foreignKeys(client, oids);
  const rest = [...(await uniqueKeys(client, large)), ...(await indexes(client, oids))];
  const switched = await triggers(client, oids);
  // Foreign keys go first and come back last: they rest on the others.
  for (const { remove } of [...foreign, ...rest, ...switched]) await client.query(remove);
  return async () => {
    for (const { restore } of [...rest, ...foreign, ...switched]) await client.query(restore);
    const after = await shape(client, oids);
    const missing = before.filter((line) => !after.includes(line));
    if (missing.length > 0 || after.length !== before.length) {
      throw new Failed(`keys and indexes could not be restored as they were:\n${missing.join("\n")}`);
    }
  };
}
