/** Brings one table of the file up to the server's rows: removes, changes, adds. */
import { Refused } from "../base/errors";
import { identifier } from "../base/quoting";
import type { TablePlan } from "../copy/copy-plan";
import {
  type ConfinedDatabase,
  type ConfinedStatement,
  type Run,
  RunFailed,
} from "../sqlite/confined/database";
import type { Storage } from "../sqlite/storage";
import { storageOf, type Bound } from "../values/sqlite-forms";
import type { Styles } from "./styles";

/** How a value is bound, so that SQLite stores it as what it is. */
export const holders: Record<Storage, string> = {
  n: "?",
  i: "?",
  r: "CAST(? AS REAL)",
  t: "CAST(? AS TEXT)",
  b: "?",
};

/** A row that is written, and what the server has for it. */
interface Writing {
  readonly run: Run;
  readonly fields: readonly string[];
}

interface Change extends Writing {
  /** Of `temp.gone`. */
  readonly row: number;
  /** The same statement for a row that is out of the table. */
  readonly aside: string;
}

const bind = (value: Bound | null) => holders[storageOf(value)];

/**
 * Works on `temp.line`, the server's rows that the source has not, and `temp.gone`, the source's rows that the server has not.
 * Rows of one key are one row that was changed: it keeps what it has in columns that the server knows nothing of.
 */
export class TableWriter {
  private readonly statements = new Map<string, ConfinedStatement>();
  private readonly table: string;
  /** SQL that finds the row of the file that is a row of `temp.gone`. */
  private readonly isGone: string;
  private readonly columns: readonly string[];

  constructor(
    private readonly file: ConfinedDatabase,
    private readonly plan: TablePlan,
    private readonly styles: Styles,
  ) {
    const { source } = plan;
    this.table = identifier(source.name);
    this.columns = plan.columns.map((column) => identifier(column.source));
    this.isGone = source.key
      .map((name, index) => `${identifier(name)} IS (SELECT k${index} FROM temp.gone WHERE rowid = ?)`)
      .join(" AND ");
  }

  write(): { removed: number; changed: number; added: number } {
    const removed = this.remove();
    const parked = new Parked(this.file, this.plan);
    try {
      const [changed, added] = this.changeAndAdd(parked);
      return { removed, changed, added };
    } finally {
      parked.end();
    }
  }

  /** Rows whose key the server has no longer. Before all else: their unique values are free then. */
  private remove(): number {
    const gone = this.file
      .prepare(
        "SELECT rowid FROM temp.gone g WHERE key IS NULL OR NOT EXISTS (SELECT 1 FROM temp.line l WHERE l.key = g.key)",
        { raw: true },
      )
      .all() as [number][];
    const remove = this.statement(`DELETE FROM ${this.table} WHERE ${this.isGone}`);
    this.runAll(gone.map(([row]) => ({ run: [remove, this.places(row)], fields: [] })));
    return gone.length;
  }

  private changeAndAdd(parked: Parked): [changed: number, added: number] {
    const rows = (sql: string) =>
      batches(this.file.prepare(`${sql} ORDER BY l.id`, { raw: true }).iterate() as Iterable<unknown[]>);
    let [changed, added] = [0, 0];
    const first = "(SELECT rowid FROM temp.gone WHERE key = l.key LIMIT 1)";
    for (const batch of rows(
      `SELECT g.rowid, g.line, l.line FROM temp.line l JOIN temp.gone g ON g.rowid = ${first}`,
    )) {
      const changes = batch as [number, Buffer, Buffer][];
      this.change(
        parked,
        changes.map(([row, was, line]) => this.changeOf(row, fieldsOf(was), fieldsOf(line))),
      );
      changed += changes.length;
    }
    parked.restore((error, fields) => this.refusal(error, fields));
    for (const batch of rows(
      "SELECT l.line FROM temp.line l WHERE l.key IS NULL OR NOT EXISTS (SELECT 1 FROM temp.gone g WHERE g.key = l.key)",
    )) {
      this.runAll((batch as [Buffer][]).map(([line]) => this.additionOf(fieldsOf(line))));
      added += batch.length;
    }
    return [changed, added];
  }

  /** Writes the values that differ; the others keep the app's own form. */
  private changeOf(row: number, was: readonly string[], fields: readonly string[]): Change {
    const values = this.values(fields);
    const places = [...fields.keys()].filter((index) => fields[index] !== was[index]);
    const set = places.map((index) => `${this.columns[index]} = ${bind(values[index]!)}`).join(", ");
    const update = (table: string) => `UPDATE ${table} SET ${set} WHERE ${this.isGone}`;
    const bound = [...places.map((index) => values[index]!), ...this.places(row)];
    return { row, fields, run: [this.statement(update(this.table)), bound], aside: update("temp.parked") };
  }

  private change(parked: Parked, changes: readonly Change[]): void {
    let left = changes;
    while (left.length > 0) {
      try {
        this.file.runEach(left.map(({ run }) => run));
        return;
      } catch (error) {
        const done = error instanceof RunFailed ? error.done : 0;
        const { row, fields, run, aside } = left[done]!;
        if (!isConstraint(error)) throw this.refusal(error, fields);
        // The value may still be that of a row that is changed later on.
        parked.take(this.isGone, this.places(row), fields);
        this.statement(aside).run(...run[1]);
        left = left.slice(done + 1);
      }
    }
  }

  private additionOf(fields: readonly string[]): Writing {
    const values = this.values(fields);
    const sql = `INSERT INTO ${this.table} (${this.columns.join(", ")}) VALUES (${values.map(bind).join(", ")})`;
    return { run: [this.statement(sql), values], fields };
  }

  private values(fields: readonly string[]): (Bound | null)[] {
    return this.styles.values(this.plan, fields, () => rowOf(this.plan, fields));
  }

  private places(row: number): number[] {
    return this.plan.source.key.map(() => row);
  }

  private runAll(writings: readonly Writing[]): void {
    try {
      this.file.runEach(writings.map(({ run }) => run));
    } catch (error) {
      throw this.refusal(error, writings[error instanceof RunFailed ? error.done : 0]!.fields);
    }
  }

  /** For a row that breaks a constraint that only SQLite has; its message names columns, and no value. */
  private refusal(thrown: unknown, fields: readonly string[]): unknown {
    const error = thrown instanceof RunFailed ? thrown.cause : thrown;
    if (!(error instanceof Error && error.name === "SqliteError")) return error;
    // NULL stands for a value that nobody knows how to write: that is what is wrong.
    this.styles.requireLearned();
    return new Refused(`table ${this.plan.source.name}, ${rowOf(this.plan, fields)}: ${error.message}`);
  }

  /** Prepares a statement once, however many rows take it: its text depends on what kinds of value a row has. */
  private statement(sql: string): ConfinedStatement {
    const statement = this.statements.get(sql) ?? this.file.prepare(sql);
    this.statements.set(sql, statement);
    return statement;
  }
}

/** Changed rows that take a unique value which another row still has: out of the table until all are changed. */
class Parked {
  private readonly fields: (readonly string[])[] = [];
  private readonly names: string;

  constructor(
    private readonly file: ConfinedDatabase,
    private readonly plan: TablePlan,
  ) {
    const { source } = plan;
    const stored = source.columns.filter(({ generated }) => !generated).map(({ name }) => name);
    const all = source.rowid !== undefined && source.key.length === 1 ? [source.rowid, ...stored] : stored;
    this.names = all.map(identifier).join(", ");
    // Before rows are read: later it would change the schema under them.
    file.exec(`CREATE TEMP TABLE parked AS SELECT ${this.names} FROM ${identifier(source.name)} WHERE 0`);
  }

  take(where: string, places: readonly number[], fields: readonly string[]): void {
    const { file, names } = this;
    const table = identifier(this.plan.source.name);
    file
      .prepare(`INSERT INTO temp.parked (${names}) SELECT ${names} FROM ${table} WHERE ${where}`)
      .run(...places);
    file.prepare(`DELETE FROM ${table} WHERE ${where}`).run(...places);
    this.fields.push(fields);
  }

  restore(refusal: (error: unknown, fields: readonly string[]) => unknown): void {
    if (this.fields.length === 0) return;
    const table = identifier(this.plan.source.name);
    try {
      this.file.exec(`INSERT INTO ${table} (${this.names}) SELECT ${this.names} FROM temp.parked`);
    } catch (error) {
      throw refusal(error, this.fields[0]!);
    }
  }

  end(): void {
    this.file.exec("DROP TABLE temp.parked");
  }
}

/** At most about so many rows, and so many bytes, are held at a time: a row may be megabytes. */
const [batchRows, batchBytes] = [500, 1 << 18];

function* batches(rows: Iterable<unknown[]>): Generator<unknown[][]> {
  let [batch, bytes]: [unknown[][], number] = [[], 0];
  for (const row of rows) {
    batch.push(row);
    for (const value of row) if (Buffer.isBuffer(value)) bytes += value.length;
    if (batch.length < batchRows && bytes < batchBytes) continue;
    yield batch;
    [batch, bytes] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}

const isConstraint = (error: unknown) => error instanceof Error && /constraint failed/.test(error.message);

const fieldsOf = (line: Buffer) => line.toString("utf8").split("\t");

/** Says which row of the server it is, for a person. */
export function rowOf({ columns }: TablePlan, fields: readonly string[]): string {
  return columns[0] === undefined || fields[0] === undefined
    ? "a row"
    : `${columns[0].target.name} ${fields[0].slice(0, 60)}`;
}
