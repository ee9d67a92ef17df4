import * as fs from "node:fs";
import { identifier } from "../base/quoting";
import { messageOf, Refused } from "../base/errors";
import { ConfinedDatabase, type Cursor } from "./confined/database";
import { Ended } from "./confined/process";
import { requireOwnJournal } from "./journal";
import { Records } from "./records";
import type { ShadowTable } from "./shadow-tables";
import { SchemaReader } from "./schema";
import type { Raw } from "./storage";
import type { SourceTable } from "./source-table";

/** Rows of a table from a rowid on, in the order of the rowids. */
export interface Range {
  readonly from: bigint;
  /** At most so many. */
  readonly rows: number;
}

/** One row; `storages` has a letter for each of the values. */
export interface SourceRow<V = Raw> {
  readonly storages: string;
  readonly values: readonly V[];
  /** Says which row it is, for a person. Costs nothing until it is called. */
  readonly key: () => string;
}

/** What SQLite says of a collation, a module or a tokenizer that the app has brought. */
const lacks = /^no such (collation sequence|module|tokenizer)/;

/** Asks about a range. */
export type Asking = (range: Range) => Raw[];

const header = "SQLite format 3\0";

/**
 * The scratch copy of a source, opened for reading. The copy may hold anything: SQLite works on it in a process that can write
 * nothing but the scratch folder.
 */
export class SqliteDatabase {
  /** Encoding of text as SQLite hands it out as bytes. */
  readonly encoding: "UTF-8" | "UTF-16le" | "UTF-16be";
  /** The same file, for values that are too large for SQLite to hand them out. */
  readonly records: Records;
  private found: readonly SourceTable[] = [];
  private shadows: readonly ShadowTable[] = [];
  /** Nobody writes to the copy. */
  private readonly counts = new Map<string, number>();

  private constructor(
    private readonly database: ConfinedDatabase,
    file: string,
    private readonly label: string,
  ) {
    this.encoding =
      this.query<{ encoding: SqliteDatabase["encoding"] }>("PRAGMA encoding")[0]?.encoding ?? "UTF-8";
    this.mergeLog();
    this.records = new Records(file, label);
  }

  /**
   * Opens a scratch copy and checks that it is whole.
   * @param file the copy; SQLite writes beside it and into it.
   * @param label the source it was made of, for messages.
   * @param scratch folder that SQLite may write to. Default the copy's own.
   * @throws Refused when it is no SQLite database, encrypted, damaged or half of a transaction over several files.
   */
  static open(file: string, label: string, scratch?: string): SqliteDatabase {
    const start = Buffer.alloc(header.length);
    const handle = fs.openSync(file, "r");
    fs.readSync(handle, start);
    fs.closeSync(handle);
    if (start.toString("latin1") !== header) {
      throw new Refused(`${label}: not a SQLite database, or an encrypted one`);
    }
    requireOwnJournal(file, label);
    let database: ConfinedDatabase | undefined;
    try {
      database = new ConfinedDatabase(file, scratch);
      const source = new SqliteDatabase(database, file, label);
      // A row that breaks a CHECK of the app's is no damage: it is read as it is, and the target has checks of its own.
      database.exec(
        "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF; PRAGMA ignore_check_constraints = ON",
      );
      source.found = source.requireWhole();
      database.exec("PRAGMA query_only = ON");
      return source;
    } catch (error) {
      database?.close();
      if (error instanceof Refused) throw error;
      throw new Refused(`${label}: SQLite cannot read the file: ${inWords(error)}`);
    }
  }

  close(): void {
    this.database.close();
    this.records.close();
  }

  /** Text as the bytes that SQLite hands out for it. */
  encode(text: string): Buffer {
    if (this.encoding === "UTF-8") return Buffer.from(text);
    const bytes = Buffer.from(text, "utf16le");
    return this.encoding === "UTF-16le" ? bytes : bytes.swap16();
  }

  /** Brings what a log holds into the file: its records are read there as well. */
  private mergeLog(): void {
    const { busy } = this.query<{ busy: number }>("PRAGMA wal_checkpoint(TRUNCATE)")[0]!;
    if (busy !== 0) throw new Refused(`${this.label}: another process has opened the copy`);
  }

  /**
   * Has SQLite check the file.
   * @returns its tables.
   */
  private requireWhole(): SourceTable[] {
    let lacking = false;
    try {
      this.requireChecked("pragma_quick_check(1000000)");
    } catch (error) {
      if (!lacks.test(messageOf(error))) throw error;
      lacking = true;
    }
    const schema = new SchemaReader(this.database, this.encoding, this.label);
    const tables = schema.tables();
    this.shadows = schema.shadows;
    // What SQLite here has not, the tables that do not need it are checked without.
    return lacking ? tables.map((table) => this.checked(table)) : tables;
  }

  private checked(table: SourceTable): SourceTable {
    if (table.unreadable !== undefined) return table;
    try {
      this.requireChecked("pragma_quick_check(?)", table.name);
    } catch (error) {
      if (!lacks.test(messageOf(error))) throw error;
      // It is an index that lacks its collation: the rows of a table with rowids are read without any.
      if (table.rowid === undefined) return { ...table, unreadable: messageOf(error) };
    }
    return table;
  }

  private requireChecked(check: string, ...parameters: string[]): void {
    // As bytes: a message may quote what is no text.
    const lines = this.database
      .prepare(
        // Nor is a value of another kind than its column declares, or NULL in a column that is NOT NULL.
        `SELECT CAST(quick_check AS BLOB) FROM ${check} WHERE quick_check NOT LIKE '% value in %' LIMIT 5`,
        { raw: true },
      )
      .all(...parameters) as [Buffer][];
    const decoder = new TextDecoder(this.encoding);
    const found = lines.map(([line]) => decoder.decode(line));
    if (found.length === 0 || (found.length === 1 && found[0] === "ok")) return;
    throw new Refused(`${this.label}: corrupt (PRAGMA quick_check): ${found.join("; ")}`);
  }

  private query<T>(sql: string, ...parameters: unknown[]): T[] {
    return this.database.prepare(sql).all(...parameters) as T[];
  }

  /** Every table that holds data of the app's, by name. SQLite's own and the insides of virtual tables are not. */
  tables(): readonly SourceTable[] {
    return this.found;
  }

  /** The insides of virtual tables. */
  shadowTables(): readonly ShadowTable[] {
    return this.shadows;
  }

  /** Highest number that AUTOINCREMENT has ever given out, by table: the rows that had it may be gone. */
  highWaterMarks(): Map<string, bigint> {
    const there = this.query("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").length > 0;
    if (!there) return new Map();
    const marks = this.database
      .prepare("SELECT name, CAST(seq AS INTEGER) AS seq FROM sqlite_sequence WHERE name IS NOT NULL", {
        bigints: true,
      })
      .all() as { name: string; seq: bigint | null }[];
    return new Map(marks.map(({ name, seq }) => [name, seq ?? 0n]));
  }

  /** Number of rows of a table, as SQLite counts them in the table itself: an index may miss some. */
  count(table: SourceTable): number {
    if (table.unreadable !== undefined) return 0;
    const known = this.counts.get(table.name);
    if (known !== undefined) return known;
    const sql = `SELECT count(*) AS count FROM ${inOrder(table)}`;
    const count = this.query<{ count: number }>(sql)[0]?.count ?? 0;
    this.counts.set(table.name, count);
    return count;
  }

  /**
   * Begins to read answers of SQL for the rows of a table, in the order of `rows`. Errors are for `unreadable`.
   * @param condition which rows; default all.
   */
  scan(table: SourceTable, terms: readonly string[], condition = "true", parameters: object = {}): Cursor {
    const sql = `SELECT ${terms.join(", ")} FROM ${inOrder(table)} WHERE ${condition}`;
    return this.database.prepare(sql, { raw: true, bigints: true }).cursor(parameters);
  }

  /**
   * The rows of a table, one at a time, always in the same order: all of them, those of a range, or those behind the first few.
   * @param skipped how many come before
   */
  *rows(table: SourceTable, columns: readonly string[], range?: Range, skipped = 0): Generator<SourceRow> {
    const names = columns.map(identifier);
    const storages = concatenated(names.map((name) => `substr(typeof(${name}), 1, 1)`));
    const values = names.map(
      (name) => `CASE typeof(${name}) WHEN 'text' THEN CAST(${name} AS BLOB) ELSE ${name} END`,
    );
    // Anything else may be a secret, such as the token of a session.
    const key = table.key.map(
      (name) => `iif(typeof(${identifier(name)}) = 'integer', ${identifier(name)}, NULL)`,
    );
    const all = skipped === 0 ? inOrder(table) : `${inOrder(table)} LIMIT -1 OFFSET ${skipped}`;
    const from = range === undefined ? all : rangeOf(table);
    const sql = `SELECT ${[storages, ...values, ...key].join(", ")} FROM ${from}`;
    const statement = this.database.prepare(sql, { raw: true, bigints: true });
    let position = skipped;
    try {
      for (const row of statement.iterate(range ?? {}) as IterableIterator<[string, ...Raw[]]>) {
        const place = ++position;
        yield {
          storages: row[0],
          values: row.slice(1, columns.length + 1) as Raw[],
          key: () => describeKey(table.key, row.slice(columns.length + 1) as Raw[], place),
        };
      }
    } catch (error) {
      throw this.unreadable(table, error);
    }
  }

  /**
   * Prepares a question about the rows of a range as a whole, answered in one row.
   * @param answers SQL over the columns of `each`.
   * @param each SQL for every row, each with its name.
   */
  asking(table: SourceTable, answers: string, each: string): Asking {
    const sql = `SELECT ${answers} FROM (SELECT ${each} FROM ${rangeOf(table)})`;
    const statement = this.database.prepare(sql, { raw: true, bigints: true });
    return (range) => {
      try {
        return statement.get(range) as Raw[];
      } catch (error) {
        throw this.unreadable(table, error);
      }
    };
  }

  /** Turns SQLite's error, or one of its file's, into words. */
  unreadable(table: SourceTable, error: unknown): unknown {
    if (!(error instanceof Ended || (error instanceof Error && error.name === "SqliteError"))) return error;
    return new Refused(`${this.label}: table ${table.name}: SQLite cannot read the file: ${inWords(error)}`);
  }

  /** Says which row is the nth of a table, the first being 1. */
  keyOf(table: SourceTable, position: number): string {
    let count = 0;
    for (const row of this.rows(table, [])) if (++count === position) return row.key();
    return `row ${position}`;
  }
}

/**
 * Says which row it is: by numbers, never by a text or bytes, which may be the token of a session.
 * @param place of the row by its key, the first being 1.
 */
export function describeKey(names: readonly string[], values: readonly Raw[], place: number): string {
  if (names.length > 0 && values.every((value) => typeof value === "bigint"))
    return names.map((name, index) => `${name} ${String(values[index])}`).join(", ");
  return names.length === 0 ? `row ${place}` : `row ${place} in the order of ${names.join(", ")}`;
}

/** What SQLite says, or how its process ended. */
function inWords(error: unknown): string {
  if (!(error instanceof Ended)) return messageOf(error);
  return `its process ended (${error.message}). The file is corrupt or malicious`;
}

/** Without an index, whose order would be another: the rows are found again by their place. */
function inOrder({ name }: SourceTable): string {
  return `${identifier(name)} NOT INDEXED`;
}

function rangeOf(table: SourceTable): string {
  const rowid = identifier(table.rowid ?? "rowid");
  return `${inOrder(table)} WHERE ${rowid} >= :from ORDER BY ${rowid} LIMIT :rows`;
}

/** SQL for texts one behind the other. Built by halves: SQLite takes no expression deeper than 1,000. */
export const concatenated = (terms: readonly string[]) => byHalves(terms, " || ", "''");

/** SQL for a sum. */
export const added = (terms: readonly string[]) => byHalves(terms, " + ", "0");

/** SQL that is true where one of the terms is. */
export const either = (terms: readonly string[]) => byHalves(terms, " OR ", "false");

function byHalves(terms: readonly string[], operator: string, none: string): string {
  if (terms.length <= 1) return terms[0] ?? none;
  const middle = terms.length >> 1;
  const [left, right] = [terms.slice(0, middle), terms.slice(middle)];
  return `(${byHalves(left, operator, none)}${operator}${byHalves(right, operator, none)})`;
}
