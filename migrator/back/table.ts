/** One table on the way back: rows that the source has already stay as they are, the others are written. */
import type Database from "libsql";
import { createHash } from "node:crypto";
import { Checksum } from "../copy/checksum";
import { identifier } from "../base/quoting";
import { Refused } from "../base/errors";
import { Misfit } from "../values/misfit";
import { pages } from "../copy/pages";
import type { TablePlan } from "../copy/copy-plan";
import type { SourceRow, SqliteDatabase } from "../sqlite/sqlite-database";
import type { Storage } from "../sqlite/storage";
import { storageOf, type Bound } from "../values/sqlite-forms";
import { Style } from "./style";

/** What became of a table's rows. */
export interface TableBack {
  readonly name: string;
  /** Rows that the server has. */
  readonly rows: number;
  /** Of these, the rows that the source had already: not a byte of them is touched. */
  readonly kept: number;
  readonly written: number;
  /** Rows of the source that the server has no longer, or has otherwise. */
  readonly removed: number;
  /** Of the server's rows; the file has to give the same. */
  readonly checksum: Checksum;
}

/** How a value is bound, so that SQLite stores it as what it is. */
const holders: Record<Storage, string> = {
  n: "?",
  i: "?",
  r: "CAST(? AS REAL)",
  t: "CAST(? AS TEXT)",
  b: "?",
};

/**
 * @param file the file to be, inside a transaction; it holds what `source` holds.
 * @param source a second copy of the same, to be read meanwhile.
 * @param server the server's rows, as the migrator would send them.
 * @param sent the source's rows, the same, in the order of `source.rows`, without those that a rule leaves behind.
 * @param leftBehind the places of these, the first row being 1; known by the time that a later row comes.
 * @throws Refused for a value that no form of SQLite's reads back as
 */
export async function tableBack(
  file: Database.Database,
  source: SqliteDatabase,
  plan: TablePlan,
  server: AsyncIterable<Buffer>,
  sent: AsyncIterable<Buffer>,
  leftBehind: readonly number[],
): Promise<TableBack> {
  const checksum = new Checksum();
  // On disk, in SQLite's own temporary file.
  file.exec("CREATE TEMP TABLE line (id INTEGER PRIMARY KEY, hash BLOB, line BLOB)");
  try {
    const insert = file.prepare("INSERT INTO temp.line (hash, line) VALUES (?, ?)");
    for await (const line of server) {
      checksum.add(line);
      insert.run([hashOf(line), line]);
    }
    file.exec("CREATE INDEX temp.line_hash ON line (hash)");
    const styles = plan.columns.map((column) => new Style(column, (text) => source.encode(text)));
    const { kept, removed } = await keep(file, source, plan, sent, leftBehind, styles);
    const written = write(file, plan, styles);
    return { name: plan.target.name, rows: checksum.rows, kept, written, removed, checksum };
  } finally {
    file.exec("DROP TABLE temp.line");
  }
}

/** Holds every row of the source against the server's, and removes those that it has not. */
async function keep(
  file: Database.Database,
  source: SqliteDatabase,
  plan: TablePlan,
  sent: AsyncIterable<Buffer>,
  leftBehind: readonly number[],
  styles: readonly Style[],
): Promise<{ kept: number; removed: number }> {
  const { source: table, columns } = plan;
  const take = file.prepare(
    "DELETE FROM temp.line WHERE id = (SELECT id FROM temp.line WHERE hash = ? LIMIT 1)",
  );
  const prepare = preparing(file);
  const names = [...columns.map((column) => column.source), ...table.key];
  const rows = rowsOf(source, plan, names);
  const nextRow = (): SourceRow => {
    const next = rows.next() as IteratorResult<SourceRow, undefined>;
    if (next.done) throw new Error(`table ${table.name}: more lines than rows`);
    return next.value;
  };
  let [kept, removed, place, left] = [0, 0, 0, 0];
  for await (const line of sent) {
    // What a rule has left behind was never on the server, and stays.
    for (; leftBehind[left] === ++place; left++) nextRow();
    const row = nextRow();
    const fields = line.toString("utf8").split("\t");
    fields.forEach((field, index) =>
      styles[index]!.learn(field, row.storages[index] as Storage, row.values[index] ?? null),
    );
    if (take.run([hashOf(line)]).changes === 1) {
      kept++;
      continue;
    }
    const where = table.key.map((name, place) => {
      const storage = row.storages[columns.length + place] as Storage;
      return `${identifier(name)} IS ${holders[storage]}`;
    });
    const remove = prepare(`DELETE FROM ${identifier(table.name)} WHERE ${where.join(" AND ")}`);
    removed += remove.run(row.values.slice(columns.length)).changes;
  }
  return { kept, removed };
}

/** The rows of the source in the order in which they were sent, few at a time: rows may be megabytes. */
function* rowsOf(source: SqliteDatabase, plan: TablePlan, names: readonly string[]): Generator<SourceRow> {
  for (const { range } of pages(source, plan)) yield* source.rows(plan.source, names, range);
}

/** Writes the server's rows that are left. */
function write(file: Database.Database, plan: TablePlan, styles: readonly Style[]): number {
  const { source: table, columns } = plan;
  const prepare = preparing(file);
  const names = columns.map((column) => identifier(column.source)).join(", ");
  // One at a time: it may be megabytes.
  const next = file.prepare("SELECT id, line FROM temp.line WHERE id > ? ORDER BY id LIMIT 1").raw(true);
  let [written, last] = [0, 0];
  for (;;) {
    const found = next.get(last) as [number, Buffer] | undefined;
    if (found === undefined) return written;
    const [id, line] = found;
    const fields = line.toString("utf8").split("\t");
    const values = fields.map((_, index) => valueOf(plan, styles, fields, index));
    const held = values.map((value) => holders[storageOf(value)]).join(", ");
    insert(
      plan,
      prepare(`INSERT INTO ${identifier(table.name)} (${names}) VALUES (${held})`),
      fields,
      values,
    );
    written++;
    last = id;
  }
}

/** Prepares a statement once, however many rows take it: its text depends on what kinds of value a row has. */
function preparing(file: Database.Database): (sql: string) => Database.Statement {
  const made = new Map<string, Database.Statement>();
  return (sql) => {
    const statement = made.get(sql) ?? file.prepare(sql);
    made.set(sql, statement);
    return statement;
  };
}

/** @throws Refused for a row that breaks a constraint that only SQLite has; its message names columns, and no value */
function insert(
  plan: TablePlan,
  statement: Database.Statement,
  fields: readonly string[],
  values: readonly (Bound | null)[],
): void {
  try {
    statement.run(values);
  } catch (error) {
    if (!(error instanceof Error && error.name === "SqliteError")) throw error;
    throw new Refused(`table ${plan.source.name}, ${rowOf(plan, fields)}: ${error.message}`);
  }
}

/** Says which row of the server it is, for a person. */
export function rowOf({ columns }: TablePlan, fields: readonly string[]): string {
  return columns[0] === undefined ? "a row" : `${columns[0].target.name} ${fields[0]!.slice(0, 60)}`;
}

function valueOf(
  plan: TablePlan,
  styles: readonly Style[],
  fields: readonly string[],
  index: number,
): Bound | null {
  try {
    return styles[index]!.write(fields[index]!);
  } catch (error) {
    if (!(error instanceof Misfit)) throw error;
    const { target, columns } = plan;
    throw new Refused(`${target.name}.${columns[index]!.target.name}, ${rowOf(plan, fields)}: ${error.kind}`);
  }
}

const hashOf = (line: Buffer) => createHash("sha256").update(line).digest();
