import type { ClientBase } from "pg";
import { identifier } from "../base/quoting";

/** A column as the app made it; a domain is seen through to the type below it. */
export interface TargetColumn {
  readonly name: string;
  /** Name of the base type in pg_catalog or elsewhere: `int4`, `timestamp`, `varchar`, …. */
  readonly type: string;
  /** Schema-qualified and quoted, without length: what a cast needs so that it cuts nothing off. */
  readonly castable: string;
  /** The column's type as a person writes it. */
  readonly described: string;
  /** The base type's modifier as PostgreSQL keeps it, -1 for none: the length of a varchar, and so on. */
  readonly modifier: number;
  readonly isArray: boolean;
  readonly isEnum: boolean;
  readonly notNull: boolean;
  /** The server fills it when it is left out: a default or an identity. */
  readonly filled: boolean;
  readonly generated: boolean;
}

export interface TargetTable {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** Schema-qualified and quoted. */
  readonly qualified: string;
  /** The same for reading and emptying: without the rows of tables that inherit from it, which are tables of their own. */
  readonly ownRows: string;
  readonly partitioned: boolean;
  /** Names of the primary key's columns; none without one. */
  readonly primaryKey: readonly string[];
  readonly columns: readonly TargetColumn[];
}

interface Row {
  oid: number;
  schema: string;
  table: string;
  partitioned: boolean;
  primary_key: string[];
  column: string;
  base: string;
  base_schema: string;
  described: string;
  modifier: number;
  is_array: boolean;
  is_enum: boolean;
  not_null: boolean;
  filled: boolean;
  generated: boolean;
}

/**
 * Which of the target's tables are the app's: those that a plain name of the role reaches, as a copy of SQLite fills them; or
 * all that the role owns, as a copy of a PostgreSQL replaces them.
 */
export type Reach = "named" | "owned";

const reached: Readonly<Record<Reach, string>> = {
  named: "n.nspname = ANY (current_schemas(false)) AND pg_table_is_visible(c.oid)",
  owned: "n.nspname !~ '^pg_' AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)",
};

/** The app's tables, without our own and those of extensions. Partitions are seen through their parent. */
export async function targetTables(client: ClientBase, reach: Reach = "named"): Promise<TargetTable[]> {
  const result = await client.query<Row>(`
    WITH RECURSIVE base(type, oid, modifier) AS (
      SELECT oid, oid, -1 FROM pg_type WHERE typtype <> 'd'
      UNION ALL
      SELECT d.oid, b.oid, greatest(d.typtypmod, b.modifier)
      FROM pg_type d JOIN base b ON b.type = d.typbasetype WHERE d.typtype = 'd'
    )
    SELECT c.oid::int8::float8 AS oid, n.nspname AS schema, c.relname AS table, c.relkind = 'p' AS partitioned,
           ARRAY(SELECT k.attname::text FROM pg_index i JOIN pg_attribute k ON k.attrelid = c.oid AND k.attnum = ANY (i.indkey)
                 WHERE i.indrelid = c.oid AND i.indisprimary) AS primary_key,
           a.attname AS column, t.typname AS base, tn.nspname AS base_schema,
           format_type(a.atttypid, a.atttypmod) AS described,
           greatest(a.atttypmod, b.modifier) AS modifier,
           t.typcategory = 'A' AS is_array, t.typtype = 'e' AS is_enum, a.attnotnull AS not_null,
           a.atthasdef OR a.attidentity <> '' AS filled, a.attgenerated <> '' AS generated
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN base b ON b.type = a.atttypid
    JOIN pg_type t ON t.oid = b.oid
    JOIN pg_namespace tn ON tn.oid = t.typnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
      AND n.nspname NOT IN ('pgmoor', 'information_schema') AND ${reached[reach]}
      AND NOT EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY n.nspname, c.relname, a.attnum`);
  const tables = new Map<number, TargetTable & { columns: TargetColumn[] }>();
  for (const row of result.rows) {
    let table = tables.get(row.oid);
    if (table === undefined) {
      const { oid, schema, table: name, partitioned, primary_key: primaryKey } = row;
      const qualified = `${identifier(schema)}.${identifier(name)}`;
      const ownRows = partitioned ? qualified : `ONLY ${qualified}`;
      table = { oid, schema, name, qualified, ownRows, partitioned, primaryKey, columns: [] };
      tables.set(oid, table);
    }
    table.columns.push({
      name: row.column,
      type: row.base,
      castable: `${identifier(row.base_schema)}.${identifier(row.base)}`,
      described: row.described,
      modifier: row.modifier,
      isArray: row.is_array,
      isEnum: row.is_enum,
      notNull: row.not_null,
      filled: row.filled,
      generated: row.generated,
    });
  }
  return [...tables.values()];
}

/** Whether any table holds a row, apart from those that a copy leaves alone. */
export async function holdsRows(
  client: ClientBase,
  reach: Reach,
  leftAlone: readonly string[],
): Promise<boolean> {
  const tables = (await targetTables(client, reach)).filter(({ name }) => !leftAlone.includes(name));
  if (tables.length === 0) return false;
  const any = tables.map(({ ownRows }) => `EXISTS (SELECT FROM ${ownRows})`).join(" OR ");
  const result = await client.query<{ any: boolean }>(`SELECT ${any} AS any`);
  return result.rows[0]?.any ?? false;
}
