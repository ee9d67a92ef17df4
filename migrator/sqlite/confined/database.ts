/** A database in the process that can write nothing but its folder, by the functions that libsql has. */
import * as path from "node:path";
import type { Batch, Runs } from "./child";
import { Ended, errorOf, SqliteProcess } from "./process";

let numbers = 0;

/** A statement. What is wrong with it is thrown when it is used. */
export class ConfinedStatement {
  private readonly number = ++numbers;
  /** Until it is known that SQLite takes it: nobody waits for that alone. */
  private preparing: number | undefined;

  constructor(
    private readonly process: SqliteProcess,
    database: number,
    sql: string,
    { raw, bigints }: { raw: boolean; bigints: boolean },
  ) {
    this.preparing = process.ask("prepare", this.number, database, sql, raw, bigints);
  }

  /** Has what was asked answered, and throws what SQLite says of the statement itself. */
  private answer(question: number): unknown {
    const { preparing } = this;
    this.preparing = undefined;
    if (preparing !== undefined) {
      try {
        this.process.answer(preparing);
      } catch (error) {
        this.process.forget(question);
        throw error;
      }
    }
    return this.process.answer(question);
  }

  all(...parameters: unknown[]): unknown[] {
    return this.answer(this.process.ask("all", this.number, parameters)) as unknown[];
  }

  get(...parameters: unknown[]): unknown {
    return this.answer(this.process.ask("get", this.number, parameters));
  }

  run(...parameters: unknown[]): { changes: number } {
    return this.answer(this.process.ask("run", this.number, parameters)) as { changes: number };
  }

  /** Once for each set of parameters. @returns how many rows each has changed. */
  runAll(parameters: readonly (readonly unknown[])[]): readonly number[] {
    return runEach(
      this.process,
      parameters.map((each) => [this, each]),
    );
  }

  /** Throws what SQLite says of the statement itself. @returns its number */
  known(): number {
    const { preparing } = this;
    this.preparing = undefined;
    if (preparing !== undefined) this.process.answer(preparing);
    return this.number;
  }

  /** Rows that are read while other things go on. */
  cursor(...parameters: unknown[]): Cursor {
    return new Cursor(this.process, this.number, parameters, (question) => this.answer(question));
  }

  /** Rows one by one; SQLite reads the next ones meanwhile. */
  *iterate(...parameters: unknown[]): Generator<unknown, undefined> {
    const { process } = this;
    const cursor = ++numbers;
    let question: number | undefined = process.ask("begin", cursor, this.number, parameters);
    try {
      for (;;) {
        const answered: number = question;
        question = undefined;
        const batch = this.answer(answered) as Batch;
        const { done } = batch;
        if (!done) question = process.ask("next", cursor);
        yield* rowsOf(batch);
        if (done || question === undefined) return;
      }
    } finally {
      // Left in the middle.
      if (question !== undefined) {
        process.answer(question);
        process.call("stop", cursor);
      }
    }
  }
}

/** Rows that SQLite reads while other things go on. */
export class Cursor {
  private readonly number = ++numbers;
  /** What is asked for, and not looked at yet. */
  private readonly questions: number[];

  /**
   * Begins to read.
   * @param answer throws what SQLite says of the statement
   */
  constructor(
    private readonly process: SqliteProcess,
    statement: number,
    parameters: readonly unknown[],
    private readonly answer: (question: number) => unknown,
  ) {
    this.questions = [process.ask("begin", this.number, statement, parameters)];
  }

  /**
   * Reads on, and holds what is read as it came.
   * @param goOn told of its bytes; behind the last row there are few of them.
   */
  async readAhead(goOn: (bytes: number) => boolean): Promise<void> {
    while (goOn(await this.process.arrived(this.questions.at(-1)!))) this.askForNext();
  }

  /** All rows, some at a time. */
  async *batches(): AsyncGenerator<unknown[], void> {
    try {
      for (;;) {
        const question = this.questions.shift()!;
        await this.process.arrived(question);
        const batch = this.answer(question) as Batch;
        if (!batch.done && this.questions.length === 0) this.askForNext();
        yield rowsOf(batch);
        if (batch.done) return;
      }
    } finally {
      this.close();
    }
  }

  /** Ends the reading. */
  close(): void {
    for (const question of this.questions.splice(0)) this.process.forget(question);
    this.process.forget(this.process.ask("stop", this.number));
  }

  private askForNext(): void {
    this.questions.push(this.process.ask("next", this.number));
  }
}

/** A statement, and what is bound to its parameters. */
export type Run = readonly [statement: ConfinedStatement, parameters: readonly unknown[]];

/** Several runs failed at one of them; those before it are done. */
export class RunFailed extends Error {
  constructor(
    /** How many runs are done. */
    readonly done: number,
    /** What SQLite says. */
    override readonly cause: Error,
  ) {
    super(cause.message);
  }
}

/** @throws RunFailed */
function runEach(process: SqliteProcess, runs: readonly Run[]): readonly number[] {
  const numbered = runs.map(([statement, parameters]) => [statement.known(), parameters] as const);
  const { changes, error } = process.call("runEach", numbered) as Runs;
  if (error !== undefined) throw new RunFailed(changes.length, errorOf(error));
  return changes;
}

/** The rows of a batch, each with its values. */
function rowsOf({ objects, width, kinds, integers, reals, bytes, lengths, texts }: Batch): unknown[] {
  if (width === 0) return [...objects];
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const rows: unknown[] = [];
  let [integer, real, text, part, at] = [0, 0, 0, 0, 0];
  for (let value = 0; value < kinds.length;) {
    const row: unknown[] = [];
    for (const end = value + width; value < end; value++)
      switch (kinds[value]!) {
        case "i":
          row.push(integers[integer++]);
          break;
        case "r":
          row.push(reals[real++]);
          break;
        case "b":
          row.push(all.subarray(at, (at += lengths[part++]!)));
          break;
        case "t":
          row.push(texts[text++]);
          break;
        default:
          row.push(null);
      }
    rows.push(row);
  }
  return rows;
}

/** An open database. */
export class ConfinedDatabase {
  private readonly number = ++numbers;
  private readonly process: SqliteProcess;
  private closed = false;

  /**
   * @param file in the folder, or below it.
   * @param folder that SQLite may write to, and nothing else. Default the file's own.
   * @throws Refused when nothing here can confine SQLite.
   */
  constructor(file: string, folder = path.dirname(file)) {
    this.process = SqliteProcess.in(folder);
    this.process.handOver(...foldersOf(file, folder), file, `${file}-wal`, `${file}-journal`);
    this.process.call("open", this.number, file);
    this.process.count(1);
  }

  /** @param how rows are given: as arrays, and whole numbers as bigint. Default as objects and numbers. */
  prepare(sql: string, { raw = false, bigints = false } = {}): ConfinedStatement {
    return new ConfinedStatement(this.process, this.number, sql, { raw, bigints });
  }

  /**
   * Runs statements one after the other; SQLite is asked once for all of them.
   * @returns how many rows each has changed.
   * @throws RunFailed
   */
  runEach(runs: readonly Run[]): readonly number[] {
    return runEach(this.process, runs);
  }

  exec(sql: string): void {
    this.process.call("exec", this.number, sql);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.process.count(-1);
    try {
      this.process.call("close", this.number);
    } catch (error) {
      // With the process, everything is closed.
      if (!(error instanceof Ended)) throw error;
    }
  }
}

/** Those between the folder and the file: without them SQLite does not come to the file. */
function foldersOf(file: string, folder: string): string[] {
  const names = path.relative(folder, path.dirname(file)).split(path.sep).filter(Boolean);
  return names.map((_, index) => path.join(folder, ...names.slice(0, index + 1)));
}
