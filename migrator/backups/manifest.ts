/** What a backup holds: of each database its tables with rows and checksums, so that a restore can be compared with it. */
import type { ClientBase } from "pg";
import { z } from "zod";
import { builtInType, rowHash, rowSum, type SummedColumn } from "../server/row-sum";

const table = z.strictObject({ rows: z.number(), checksum: z.string() });

const database = z.strictObject({
  name: z.string(),
  owner: z.string(),
  encoding: z.string(),
  collate: z.string(),
  ctype: z.string(),
  /** Set for the database (ALTER DATABASE … SET), as `name=value`. */
  settings: z.array(z.string()),
  extensions: z.record(z.string(), z.string()),
  /** By schema and name, quoted. */
  tables: z.record(z.string(), table),
  sequences: z.record(z.string(), z.string()),
  /** Its dump in the backup. */
  file: z.string(),
});

const manifest = z.strictObject({
  pgmoor: z.literal("backup"),
  id: z.string(),
  server: z.string(),
  started: z.string(),
  /** From here on a restore can go to any second, as far as the WAL reaches. */
  reachableFrom: z.string(),
  /** The folder of WAL that it goes with, and the first file that it needs. */
  wal: z.strictObject({ folder: z.string(), start: z.string() }),
  databases: z.array(database),
});

export type Manifest = z.infer<typeof manifest>;
export type DatabaseManifest = z.infer<typeof database>;
export const manifestFile = "manifest.json";

export function parseManifest(text: string): Manifest {
  return manifest.parse(JSON.parse(text));
}

/** Everything but catalogues, temporary tables and what extensions bring: those come with the extension. */
const relations = `
  SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relkind AS kind,
         ARRAY(SELECT jsonb_build_object('name', quote_ident(a.attname), 'type', ${builtInType("a")}) FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'S') AND c.relpersistence <> 't'
     AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND NOT EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
   ORDER BY 1`;

/** Checksums of the present form begin so. A backup of an earlier version has others, which nothing can be compared with. */
const form = "sent:";

/** Rows and checksums of every table, as the session's snapshot sees them. */
export async function contentsOf(
  client: ClientBase,
): Promise<Pick<DatabaseManifest, "tables" | "sequences" | "extensions">> {
  const { rows } = await client.query<{ name: string; kind: "r" | "S"; columns: SummedColumn[] }>(relations);
  const tables: DatabaseManifest["tables"] = {};
  const sequences: DatabaseManifest["sequences"] = {};
  for (const { name, kind, columns } of rows)
    if (kind === "r") tables[name] = await sumOf(client, name, columns);
    else {
      const state = await client.query<{ state: string }>(
        `SELECT last_value || ', ' || is_called AS state FROM ${name}`,
      );
      sequences[name] = state.rows[0]!.state;
    }
  const objects = await largeObjects(client);
  if (objects.rows > 0) tables["pg_catalog.pg_largeobject"] = objects;
  const found = await client.query<{ name: string; version: string }>(
    "SELECT extname AS name, extversion AS version FROM pg_extension",
  );
  const extensions = Object.fromEntries(found.rows.map(({ name, version }) => [name, version]));
  return { tables, sequences, extensions };
}

/** Zeros are left out: a restore writes those that fill a hole, which takes no room in the object that was dumped. */
async function largeObjects(client: ClientBase): Promise<TableSum> {
  const page = rowHash([
    { name: "loid", type: "int8" },
    { name: "pageno", type: "int4" },
    { name: "rtrim(data, '\\x00')", type: "bytea" },
  ]);
  const { rows } = await client.query<TableSum>(`
    SELECT (SELECT count(*)::float8 FROM pg_largeobject_metadata) AS rows,
           '${form}' || coalesce(sum(${page}), 0) AS checksum
      FROM pg_largeobject WHERE rtrim(data, '\\x00') <> ''`);
  return rows[0]!;
}

async function sumOf(client: ClientBase, name: string, columns: readonly SummedColumn[]): Promise<TableSum> {
  const { rows, checksum } = await rowSum(client, name, columns);
  return { rows, checksum: `${form}${checksum}` };
}

export type Properties = Pick<
  DatabaseManifest,
  "name" | "owner" | "encoding" | "collate" | "ctype" | "settings"
>;

/** Every database that one can connect to, but for templates. */
export async function databasesOf(client: ClientBase): Promise<Properties[]> {
  const { rows } = await client.query<Properties>(`
    SELECT d.datname AS name, pg_get_userbyid(d.datdba) AS owner, pg_encoding_to_char(d.encoding) AS encoding,
           d.datcollate AS collate, d.datctype AS ctype,
           coalesce((SELECT setconfig FROM pg_db_role_setting WHERE setdatabase = d.oid AND setrole = 0), '{}') AS settings
      FROM pg_database d WHERE d.datallowconn AND NOT d.datistemplate ORDER BY 1`);
  return rows;
}

/** What tells a restored database from the manifest; empty: nothing. */
export function apart(
  expected: Pick<DatabaseManifest, "tables" | "sequences" | "extensions">,
  found: Pick<DatabaseManifest, "tables" | "sequences" | "extensions">,
): string[] {
  const names = (kind: "tables" | "sequences" | "extensions") =>
    [...new Set([...Object.keys(expected[kind]), ...Object.keys(found[kind])])].sort();
  return [
    ...names("tables").flatMap((name) => tableApart(name, expected.tables[name], found.tables[name])),
    ...names("sequences").flatMap((name) =>
      expected.sequences[name] === found.sequences[name]
        ? []
        : [
            `sequence ${name}: at ${expected.sequences[name] ?? "nothing"} in the backup, at ${found.sequences[name] ?? "nothing"} in the restored database`,
          ],
    ),
    // Its version is the image's, which may be newer by now.
    ...names("extensions").flatMap((name) =>
      name in expected.extensions && !(name in found.extensions)
        ? [`extension ${name}: not in the restored database`]
        : [],
    ),
  ];
}

type TableSum = z.infer<typeof table>;

function tableApart(name: string, expected: TableSum | undefined, found: TableSum | undefined): string[] {
  if (expected === undefined) return [`table ${name}: not in the backup`];
  if (found === undefined) return [`table ${name}: not in the restored database`];
  if (expected.rows !== found.rows)
    return [`table ${name}: ${expected.rows} rows in the backup, ${found.rows} in the restored database`];
  return expected.checksum === found.checksum || !expected.checksum.startsWith(form)
    ? []
    : [`table ${name}: all ${found.rows} rows are there, with other values than in the backup`];
}

/** Whether a backup has checksums that a restore can be compared with. */
export function hasChecksums({ tables }: Pick<DatabaseManifest, "tables">): boolean {
  return Object.values(tables).every(({ checksum }) => checksum.startsWith(form));
}

/** All rows of these tables. */
export function rowsOf({ tables }: Pick<DatabaseManifest, "tables">): number {
  return Object.values(tables).reduce((sum, { rows }) => sum + rows, 0);
}
