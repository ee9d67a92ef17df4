/** One table on the way back: rows that the source has already stay as they are, the others are changed, added, removed. */
import { createHash } from "node:crypto";
import { Checksum } from "../copy/checksum";
import type { TablePlan } from "../copy/copy-plan";
import type { ConfinedDatabase, ConfinedStatement, Run } from "../sqlite/confined/database";
import type { SourceRow, SqliteDatabase } from "../sqlite/sqlite-database";
import type { Storage } from "../sqlite/storage";
import { learnRow, rowsOf, type Styles } from "./styles";
import { holders, TableWriter } from "./table-writer";

/** At most about so many lines, and so many bytes, are held at a time. */
const [batchLines, batchBytes] = [500, 1 << 18];

/** What became of a table's rows. */
export interface TableBack {
  readonly name: string;
  /** Rows that the server has. */
  readonly rows: number;
  /** Of these, the rows that the source had already: not a byte of them is touched. */
  readonly kept: number;
  /** Of these, rows that the source had under the same key, with other values: only these values are written. */
  readonly changed: number;
  readonly added: number;
  /** Rows of the source that the server has no longer. */
  readonly removed: number;
  /** Of the server's rows; the file has to give the same. */
  readonly checksum: Checksum;
}

export interface TableTask {
  /** The file to be, inside a transaction; it holds what `source` holds. */
  readonly file: ConfinedDatabase;
  /** A second copy of the same, to be read meanwhile. */
  readonly source: SqliteDatabase;
  readonly plan: TablePlan;
  /** The target's columns that tell its rows apart; none where nothing does. */
  readonly key: readonly string[];
  /** The server's rows, as the migrator would send them. */
  readonly server: AsyncIterable<Buffer>;
  /** The source's rows, the same, in the order of `source.rows`, without those that a rule leaves behind. */
  readonly sent: AsyncIterable<Buffer>;
  /** The places of these, the first row being 1; known by the time that a later row comes. */
  readonly leftBehind: readonly number[];
  readonly styles: Styles;
}

/** @throws Refused for a value that no form of SQLite's reads back as */
export async function tableBack(task: TableTask): Promise<TableBack> {
  const { file, plan, key } = task;
  const places = key.map((name) => plan.columns.findIndex(({ target }) => target.name === name));
  const byKey = places.length > 0 && !places.includes(-1);
  const keyOf = (fields: readonly string[]) =>
    byKey ? places.map((place) => fields[place]).join("\t") : null;
  const checksum = new Checksum();
  // On disk, in SQLite's own temporary file.
  file.exec("CREATE TEMP TABLE line (id INTEGER PRIMARY KEY, hash BLOB, key TEXT, line BLOB)");
  const names = plan.source.key.map((_, index) => `k${index}`);
  file.exec(`CREATE TEMP TABLE gone (${["key TEXT", "line BLOB", ...names].join(", ")})`);
  try {
    const insert = file.prepare("INSERT INTO temp.line (hash, key, line) VALUES (?, ?, ?)");
    for await (const lines of batches(task.server)) {
      for (const line of lines) checksum.add(line);
      insert.runAll(
        lines.map((line) => [hashOf(line), byKey ? keyOf(line.toString().split("\t")) : null, line]),
      );
    }
    file.exec("CREATE INDEX temp.line_hash ON line (hash)");
    const kept = await keep(task, keyOf);
    file.exec("CREATE INDEX temp.gone_key ON gone (key); CREATE INDEX temp.line_key ON line (key)");
    const written = new TableWriter(file, plan, task.styles).write();
    return { name: plan.target.name, rows: checksum.rows, kept, ...written, checksum };
  } finally {
    file.exec("DROP TABLE temp.line; DROP TABLE temp.gone");
  }
}

/** Holds every row of the source against the server's, and takes note of those that it has not. Returns how many it has. */
async function keep(
  { file, source, plan, sent, leftBehind, styles }: TableTask,
  keyOf: (fields: readonly string[]) => string | null,
): Promise<number> {
  const { source: table, columns } = plan;
  const take = file.prepare(
    "DELETE FROM temp.line WHERE id = (SELECT id FROM temp.line WHERE hash = ? LIMIT 1)",
  );
  const rows = rowsOf(source, plan, [...columns.map((column) => column.source), ...table.key]);
  const nextRow = (): SourceRow => {
    const next = rows.next() as IteratorResult<SourceRow, undefined>;
    if (next.done) throw new Error(`table ${table.name}: more lines than rows`);
    return next.value;
  };
  const own = styles.of(plan);
  const notes = new Map<string, ConfinedStatement>();
  let [kept, place, left] = [0, 0, 0];
  for await (const lines of batches(sent)) {
    const taken = take.runAll(lines.map((line) => [hashOf(line)]));
    file.runEach(lines.flatMap((line, index) => hold(line, taken[index] === 1)));
  }
  return kept;

  /** What notes down a row that the server has not. */
  function hold(line: Buffer, isKept: boolean): Run[] {
    // What a rule has left behind was never on the server, and stays.
    for (; leftBehind[left] === ++place; left++) nextRow();
    const row = nextRow();
    const text = line.toString();
    const fields = text.split("\t");
    learnRow(own, text, row);
    if (isKept) {
      kept++;
      return [];
    }
    const held = table.key.map((_, index) => holders[row.storages[columns.length + index] as Storage]);
    const sql = `INSERT INTO temp.gone VALUES (${["?", "?", ...held].join(", ")})`;
    const note = notes.get(sql) ?? file.prepare(sql);
    notes.set(sql, note);
    return [[note, [keyOf(fields), line, ...row.values.slice(columns.length)]]];
  }
}

/** Lines some at a time: SQLite, in a process of its own, is asked once for all of them. */
async function* batches(lines: AsyncIterable<Buffer>): AsyncGenerator<Buffer[]> {
  let [batch, bytes]: [Buffer[], number] = [[], 0];
  for await (const line of lines) {
    batch.push(Buffer.from(line));
    bytes += line.length;
    if (batch.length < batchLines && bytes < batchBytes) continue;
    yield batch;
    [batch, bytes] = [[], 0];
  }
  yield batch;
}

const hashOf = (line: Buffer) => createHash("sha256").update(line).digest();
