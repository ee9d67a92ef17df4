/**
 * Proof that every row arrived, independent of the migrator: reads both databases by itself, brings each value to one
 * written form, and compares the rows of each table.
 */
import Database from "libsql";
import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { types } from "node:util";
import type { Client } from "pg";

export interface TableProof {
  readonly table: string;
  readonly rows: number;
  /** Over all rows, sorted: the same on both sides. */
  readonly sha256: string;
}

export interface Proof {
  readonly tables: readonly TableProof[];
  readonly rows: number;
}

/**
 * Compares the SQLite file, with its log, with the database that `client` is connected to.
 *
 * @param migrationTables the app's own record of its schema's version, which is not copied
 * @throws with the table and the first row that differs
 */
export async function proveEqual(
  file: string,
  client: Client,
  migrationTables: readonly string[],
): Promise<Proof> {
  const scratch = await fs.mkdtemp(path.join(tmpdir(), "pgmoor-proof-"));
  try {
    // SQLite would merge the log into the file that it opens: it gets copies.
    for (const suffix of ["", "-wal"]) {
      await fs
        .copyFile(file + suffix, path.join(scratch, `db${suffix}`))
        .catch((error: NodeJS.ErrnoException) => {
          if (error.code !== "ENOENT" || suffix === "") throw error;
        });
    }
    const source = new Database(path.join(scratch, "db"));
    const names = source
      .prepare(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
      )
      .all()
      .map((row) => (row as { name: string }).name)
      .filter((name) => !migrationTables.includes(name));
    const tables: TableProof[] = [];
    for (const table of names) tables.push(await compare(source, client, table));
    source.close();
    return { tables, rows: tables.reduce((sum, { rows }) => sum + rows, 0) };
  } finally {
    await fs.rm(scratch, { recursive: true, force: true });
  }
}

async function compare(source: Database.Database, client: Client, table: string): Promise<TableProof> {
  const quoted = `"${table.replaceAll('"', '""')}"`;
  const { rows: columns } = await client.query<{ name: string; type: string }>(
    `SELECT attname AS name, format_type(atttypid, NULL) AS type FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [`public.${quoted}`],
  );
  const statement = source.prepare(`SELECT * FROM ${quoted}`).safeIntegers(true);
  const before = (statement.all() as Record<string, Value>[])
    .map((row) => JSON.stringify(columns.map(({ name, type }) => written(row[name] ?? null, type))))
    .sort();
  const list = columns.map(({ name }) => `"${name.replaceAll('"', '""')}"::text`).join(", ");
  const { rows } = await client.query<(string | null)[]>({
    text: `SELECT ${list} FROM public.${quoted}`,
    rowMode: "array",
  });
  const after = rows
    .map((row) => JSON.stringify(row.map((value, index) => written(value, columns[index]!.type))))
    .sort();
  return proveSame(
    table,
    columns.map(({ name }) => name),
    before,
    after,
  );
}

/**
 * @param columns names of what is in a row
 * @param before rows of the source, sorted, each the values as JSON
 * @param after likewise of the server
 * @throws with the first row that differs
 */
export function proveSame(
  table: string,
  columns: readonly string[],
  before: readonly string[],
  after: readonly string[],
): TableProof {
  if (before.length !== after.length)
    throw new Error(`table ${table}: ${before.length} rows in the source, ${after.length} in PostgreSQL`);
  const differs = before.findIndex((row, index) => row !== after[index]);
  if (differs >= 0) {
    const [source, server] = [before, after].map((all) => JSON.parse(all[differs]!) as unknown[]);
    const names = columns.filter((_, index) => source![index] !== server![index]);
    throw new Error(`table ${table}: a row differs in ${names.join(", ")}`);
  }
  return { table, rows: after.length, sha256: createHash("sha256").update(after.join("\n")).digest("hex") };
}

/** What libsql gives for a value, and, as text, pg. */
type Value = string | number | bigint | ArrayBuffer | null;

/** One written form of a value for both sides. */
function written(value: Value, type: string): string | null {
  if (value === null) return null;
  const text = isBytes(value) ? `\\x${Buffer.from(value).toString("hex")}` : String(value);
  switch (type) {
    case "boolean":
      return ["1", "t", "true"].includes(text) ? "true" : "false";
    case "real":
    case "double precision":
    case "numeric":
      return String(Number(text));
    case "timestamp without time zone":
      return instant(text);
    case "character":
      return text.trimEnd();
    case "json":
    case "jsonb":
      return JSON.stringify(JSON.parse(text));
    default:
      return text;
  }
}

function isBytes(value: Value): value is ArrayBuffer {
  return types.isAnyArrayBuffer(value);
}

/** Microseconds, as many as PostgreSQL keeps; further digits round to the nearest. */
function instant(text: string): string {
  const [, whole, fraction = ""] = /^(.*?)(?:\.(\d+))?$/.exec(text.replace("T", " "))!;
  const microseconds = Math.round(Number(`0.${fraction || "0"}`) * 1e6);
  return String(BigInt(Date.parse(`${whole}Z`)) * 1000n + BigInt(microseconds));
}
