import type { ClientBase } from "pg";
import { identifier } from "../base/quoting";
import { builtInType, sentAlike, sentAlikeButNan, type SummedColumn } from "../server/row-sum";
import { ledgerSchema } from "../../services/ledger";

/**
 * What extensions have, by name: their members, and what comes with one and is no member itself. That is the array of a type,
 * the columns of a composite type, the checks of a domain, the keys of a table.
 */
export const ofExtensions = `
  WITH RECURSIVE part(name, classid, objid) AS (
    SELECT e.extname, m.classid, m.objid FROM pg_extension e
    JOIN pg_depend m ON m.refclassid = 'pg_extension'::regclass AND m.refobjid = e.oid AND m.deptype = 'e'
    UNION
    SELECT part.name, d.classid, d.objid FROM part
    JOIN pg_depend d ON d.refclassid = part.classid AND d.refobjid = part.objid
      AND (d.deptype = 'i' OR d.deptype = 'a' AND d.classid = 'pg_constraint'::regclass)
  ) SELECT * FROM part`;

/** The app's schemas, and objects that no extension has: `c` is the object's catalogue. */
export const ofTheApp = (catalogue: string, namespace: string) => `
  n.oid = c.${namespace} AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', '${ledgerSchema}')
  AND NOT EXISTS (SELECT FROM (${ofExtensions}) x WHERE x.classid = '${catalogue}'::regclass AND x.objid = c.oid)`;

/** A table with rows of its own. */
export interface Table {
  readonly schema: string;
  readonly name: string;
  /** Schema-qualified and quoted. */
  readonly qualified: string;
  /** Schema and name of the partitioned table that it is part of, else its own: what PostgreSQL's counts go by. */
  readonly root: string;
  /** Those that the server computes itself among them. */
  readonly columns: readonly SummedColumn[];
  /** Quoted: what a COPY fills. */
  readonly filled: readonly string[];
  /** Whether COPY's binary form of it is the same in all releases and for all servers. It takes less time than text. */
  readonly binary: boolean;
}

interface Column {
  readonly name: string;
  readonly type: string | null;
  /** An enum, which is sent as its label, or a vector of pgvector's. */
  readonly alike: boolean;
  readonly generated: boolean;
}

/** The proof compares intervals, arrays, enums and vectors as text. */
const copiedAlike = [...sentAlike, ...sentAlikeButNan, "interval"].flatMap((type) => [type, `_${type}`]);

/** Every table with rows of its own, partitions among them. */
export async function tablesOf(client: ClientBase): Promise<Table[]> {
  const result = await client.query<Pick<Table, "schema" | "name" | "root"> & { columns: Column[] }>(`
    SELECT n.nspname AS schema, c.relname AS name,
           (SELECT rn.nspname || '.' || r.relname FROM pg_class r JOIN pg_namespace rn ON rn.oid = r.relnamespace
            WHERE r.oid = coalesce(pg_partition_root(c.oid), c.oid)) AS root,
           ARRAY(SELECT jsonb_build_object('name', a.attname, 'type', ${builtInType("a")}, 'generated', a.attgenerated <> '',
                        'alike', EXISTS (SELECT FROM pg_enum WHERE enumtypid = a.atttypid)
                                 OR EXISTS (SELECT FROM pg_type t JOIN (${ofExtensions}) x ON x.objid = t.oid
                                            WHERE t.oid = a.atttypid AND x.classid = 'pg_type'::regclass AND x.name = 'vector'
                                              AND t.typname IN ('vector', 'halfvec')))
                 FROM pg_attribute a
                 WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_namespace n ON ${ofTheApp("pg_class", "relnamespace")}
    WHERE c.relkind = 'r' AND c.relpersistence <> 't' ORDER BY 1, 2`);
  return result.rows.map(({ columns, ...table }) => {
    const filled = columns.filter(({ generated }) => !generated);
    return {
      ...table,
      qualified: `${identifier(table.schema)}.${identifier(table.name)}`,
      columns: columns.map(({ name, type }) => ({ name: identifier(name), type })),
      filled: filled.map(({ name }) => identifier(name)),
      binary: filled.every(({ type, alike }) => alike || copiedAlike.includes(type ?? "")),
    };
  });
}

/** Where every sequence stands. */
export async function sequencesOf(client: ClientBase): Promise<Map<string, string>> {
  const found = await client.query<{ name: string }>(`
    SELECT format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_class c JOIN pg_namespace n ON ${ofTheApp("pg_class", "relnamespace")} WHERE c.relkind = 'S' ORDER BY 1`);
  const states = new Map<string, string>();
  for (const { name } of found.rows) {
    const state = await client.query<{ state: string }>(
      `SELECT last_value || ', ' || is_called AS state FROM ${name}`,
    );
    states.set(name, state.rows[0]!.state);
  }
  return states;
}
