/** Brings one table of the file up to the server's rows: removes, changes, adds. */
import { Refused } from "../base/errors";
import { identifier } from "../base/quoting";
import type { TablePlan } from "../copy/copy-plan";
import type { ConfinedDatabase, ConfinedStatement } from "../sqlite/confined/database";
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
    for (const [row] of gone)
      this.run(`DELETE FROM ${this.table} WHERE ${this.isGone}`, this.places(row), []);
    return gone.length;
  }

  private changeAndAdd(parked: Parked): [changed: number, added: number] {
    // One at a time: it may be megabytes.
    const raw = { raw: true };
    const next = this.file.prepare(
      "SELECT id, key, line FROM temp.line WHERE id > ? ORDER BY id LIMIT 1",
      raw,
    );
    const before = this.file.prepare("SELECT rowid, line FROM temp.gone WHERE key = ?", raw);
    const settle = this.file.prepare("DELETE FROM temp.line WHERE id = ?");
    let [changed, last, count] = [0, 0, 0];
    for (;;) {
      const found = next.get(last) as [number, string | null, Buffer] | undefined;
      if (found === undefined) break;
      const [id, key, line] = found;
      last = id;
      const was = key === null ? undefined : (before.get(key) as [number, Buffer] | undefined);
      if (was === undefined) {
        count++;
        continue;
      }
      this.change(parked, was[0], fieldsOf(was[1]), fieldsOf(line));
      settle.run(id);
      changed++;
    }
    parked.restore((error, fields) => this.refusal(error, fields));
    for (last = 0; ;) {
      const found = next.get(last) as [number, string | null, Buffer] | undefined;
      if (found === undefined) break;
      last = found[0];
      this.add(fieldsOf(found[2]));
    }
    return [changed, count];
  }

  /** Writes the values that differ; the others keep the app's own form. */
  private change(parked: Parked, row: number, was: readonly string[], fields: readonly string[]): void {
    const values = this.values(fields);
    const places = [...fields.keys()].filter((index) => fields[index] !== was[index]);
    const set = places.map((index) => `${this.columns[index]} = ${bind(values[index]!)}`).join(", ");
    const bound = places.map((index) => values[index]!);
    const update = (table: string) => `UPDATE ${table} SET ${set} WHERE ${this.isGone}`;
    try {
      this.statement(update(this.table)).run(...bound, ...this.places(row));
    } catch (error) {
      if (!isConstraint(error)) throw this.refusal(error, fields);
      // The value may still be that of a row that is changed later on.
      parked.take(this.isGone, this.places(row), fields);
      this.statement(update("temp.parked")).run(...bound, ...this.places(row));
    }
  }

  private add(fields: readonly string[]): void {
    const values = this.values(fields);
    this.run(
      `INSERT INTO ${this.table} (${this.columns.join(", ")}) VALUES (${values.map(bind).join(", ")})`,
      values,
      fields,
    );
  }

  private values(fields: readonly string[]): (Bound | null)[] {
    return this.styles.values(this.plan, fields, () => rowOf(this.plan, fields));
  }

  private places(row: number): number[] {
    return this.plan.source.key.map(() => row);
  }

  private run(sql: string, values: readonly (Bound | number | null)[], fields: readonly string[]): void {
    try {
      this.statement(sql).run(...values);
    } catch (error) {
      throw this.refusal(error, fields);
    }
  }

  /** For a row that breaks a constraint that only SQLite has; its message names columns, and no value. */
  private refusal(error: unknown, fields: readonly string[]): unknown {
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
  }

  take(where: string, places: readonly number[], fields: readonly string[]): void {
    const { file, names } = this;
    const table = identifier(this.plan.source.name);
    if (this.fields.length === 0)
      file.exec(`CREATE TEMP TABLE parked AS SELECT ${names} FROM ${table} WHERE 0`);
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
    if (this.fields.length > 0) this.file.exec("DROP TABLE temp.parked");
  }
}

const isConstraint = (error: unknown) => error instanceof Error && /constraint failed/.test(error.message);

const fieldsOf = (line: Buffer) => line.toString("utf8").split("\t");

/** Says which row of the server it is, for a person. */
export function rowOf({ columns }: TablePlan, fields: readonly string[]): string {
  return columns[0] === undefined || fields[0] === undefined
    ? "a row"
    : `${columns[0].target.name} ${fields[0].slice(0, 60)}`;
}
