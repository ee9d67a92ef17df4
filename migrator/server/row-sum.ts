/** A table's rows, counted and summed up by the server that has them. */
import type { ClientBase } from "pg";

export interface RowSum {
  readonly rows: number;
  readonly checksum: string;
}

/** A column of a table. */
export interface SummedColumn {
  /** Quoted. */
  readonly name: string;
  /** Name of its type in pg_catalog, of the type below it for a domain; `null` for a type that is not PostgreSQL's own. */
  readonly type: string | null;
}

/** SQL for a `SummedColumn`'s `type`. @param attribute the row of pg_attribute. */
export const builtInType = (attribute: string) => `
  (SELECT b.typname::text FROM pg_type t JOIN pg_type b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END
   WHERE t.oid = ${attribute}.atttypid AND b.typnamespace = 'pg_catalog'::regnamespace)`;

/**
 * Types that a server sends in the same binary form in all releases, and a different one for each two values that it prints
 * differently. Not so `interval`, whose extremes mean infinity from PostgreSQL 17 on, and arrays, which are sent by how they are
 * stored.
 */
export const sentAlike = [
  ...["bool", "int2", "int4", "int8", "numeric", "bytea", "uuid", "inet", "cidr", "macaddr", "bit", "varbit"],
  ...["text", "varchar", "bpchar", "json", "jsonb", "date", "time", "timetz", "timestamp", "timestamptz"],
];

/** Likewise, but for NaN: it may be stored by several bit patterns, and is printed and read as one. */
export const sentAlikeButNan = ["float4", "float8"];

/**
 * SQL for a row's hash, of 64 bits. It is one hash of all the bytes that the server sends for the row in binary form, which it
 * takes less time to make than to print. PostgreSQL's own hash of a row would not do: it adds up those of the values, so in the sum
 * of all rows two values of a column that change places are as before. Values of other types are in it as the server prints
 * them. Texts are sent in the session's encoding, which is UTF-8 whatever the database's is.
 */
export function rowHash(columns: readonly SummedColumn[]): string {
  const sent: string[] = [];
  const printed: string[] = [];
  for (const { name, type } of columns) {
    // By the cast, a domain's OID is not in it: that differs from server to server.
    const value = `${name}::pg_catalog."${type}"`;
    if (sentAlike.includes(type ?? "")) sent.push(value);
    else if (sentAlikeButNan.includes(type ?? ""))
      sent.push(`CASE WHEN ${value} = 'NaN' THEN 'NaN' ELSE ${value} END`);
    else printed.push(name);
  }
  if (printed.length > 0) sent.push(`ROW(${printed.join(", ")})::pg_catalog.text`);
  return `pg_catalog.hash_array_extended(ARRAY[pg_catalog.record_send(ROW(${sent.join(", ")}))], 1)`;
}

/**
 * The checksum is the sum of the rows' hashes: their order does not matter, one that is there twice counts twice.
 * @param client a session with our fixed settings, and with an empty search path where names are values.
 * @param qualified the table's name, quoted.
 */
export async function rowSum(
  client: ClientBase,
  qualified: string,
  columns: readonly SummedColumn[],
): Promise<RowSum> {
  const { rows } = await client.query<RowSum>(
    `SELECT count(*)::float8 AS rows, coalesce(sum(${rowHash(columns)}), 0)::text AS checksum FROM ONLY ${qualified}`,
  );
  return rows[0]!;
}
