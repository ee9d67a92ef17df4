/** SQLite in a process of its own: what is asked of it comes in on its input, the answers go out on its output. */
import type Libsql from "libsql";
import type * as Fs from "node:fs";
import type * as V8 from "node:v8";

/** What is asked: the function's name and its arguments. */
export type Call =
  | [name: "confined", probe: string]
  | [name: "open", database: number, file: string]
  | [name: "close", database: number]
  | [name: "exec", database: number, sql: string]
  | [name: "prepare", statement: number, database: number, sql: string, raw: boolean, bigints: boolean]
  | [name: "get" | "all" | "run", statement: number, parameters: readonly unknown[]]
  | [name: "runEach", runs: readonly (readonly [statement: number, parameters: readonly unknown[]])[]]
  | [name: "begin", cursor: number, statement: number, parameters: readonly unknown[]]
  | [name: "next" | "stop", cursor: number];

/** What SQLite says. */
export interface Fault {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
}

/** What comes back. */
export type Answer = { value: unknown } | { error: Fault };

/** Of `runEach`: how many rows each statement changed, up to the first that failed. */
export interface Runs {
  readonly changes: readonly number[];
  readonly error?: Fault;
}

/**
 * The rows of a cursor, some at a time: objects, or arrays of `width` values. Those lie kind by kind, each in the order of the
 * rows, since V8 takes several times as long to write a row with its values.
 */
export interface Batch {
  readonly objects: readonly unknown[];
  readonly width: number;
  /** A letter for each value: `n` NULL, `i` a whole number, `r` a real, `b` bytes, `t` text. */
  readonly kinds: string;
  readonly integers: BigInt64Array;
  readonly reals: Float64Array;
  readonly bytes: Uint8Array;
  readonly lengths: Uint32Array;
  readonly texts: readonly string[];
  readonly done: boolean;
}

/**
 * Serves until its input ends. Where there is no bundle its text is what the process runs: it names nothing outside of itself.
 *
 * A frame is its length in 4 bytes and a value as V8 writes it.
 */
export function serve(Database: typeof Libsql, fs: typeof Fs, v8: typeof V8): void {
  const [batchRows, batchBytes] = [500, 1 << 18];
  const letters = { n: 110, i: 105, r: 114, b: 98, t: 116 };
  const databases = new Map<number, Libsql.Database>();
  const statements = new Map<number, { of: number; statement: Libsql.Statement }>();
  const cursors = new Map<number, IterableIterator<unknown>>();

  const batch = (cursor: number): Batch => {
    const objects: unknown[] = [];
    const [integers, reals, texts, parts]: [bigint[], number[], string[], Uint8Array[]] = [[], [], [], []];
    const kinds: number[] = [];
    let [done, width] = [!cursors.has(cursor), 0];
    for (let held = 0, count = 0; !done && count < batchRows && held < batchBytes; count++) {
      const { value, done: ended } = cursors.get(cursor)!.next() as IteratorResult<unknown, undefined>;
      if (ended) {
        cursors.delete(cursor);
        done = true;
        continue;
      }
      if (!Array.isArray(value)) {
        objects.push(value);
        held += 16;
        continue;
      }
      width = value.length;
      held += 16 * width;
      for (let place = 0; place < width; place++) {
        const one = value[place] as bigint | number | string | Uint8Array | null;
        if (one === null) kinds.push(letters.n);
        else if (typeof one === "bigint") {
          kinds.push(letters.i);
          integers.push(one);
        } else if (typeof one === "number") {
          kinds.push(letters.r);
          reals.push(one);
        } else if (typeof one === "string") {
          kinds.push(letters.t);
          texts.push(one);
          held += one.length;
        } else {
          kinds.push(letters.b);
          parts.push(one);
          held += one.byteLength;
        }
      }
    }
    return {
      ...{ objects, width, kinds: Buffer.from(kinds).toString("latin1"), texts, done },
      integers: BigInt64Array.from(integers),
      reals: Float64Array.from(reals),
      bytes: Buffer.concat(parts),
      lengths: Uint32Array.from(parts, (part) => part.length),
    };
  };
  // libsql takes a single blob or NULL for a set of named parameters, and ends the process.
  const bound = (parameters: readonly unknown[]): readonly unknown[] => {
    const [first] = parameters;
    const named = typeof first === "object" && first !== null && !ArrayBuffer.isView(first);
    return named ? parameters : [parameters];
  };
  const faultOf = (thrown: unknown): Fault => {
    const { name, message, code } = thrown as Error & { code?: string };
    return code === undefined ? { name, message } : { name, message, code };
  };
  const perform = (call: Call): unknown => {
    switch (call[0]) {
      case "confined":
        try {
          fs.closeSync(fs.openSync(call[1], "a"));
          return false;
        } catch {
          return true;
        }
      case "open":
        databases.set(call[1], new Database(call[2]));
        return;
      case "close":
        databases.get(call[1])?.close();
        databases.delete(call[1]);
        for (const [number, { of }] of statements) if (of === call[1]) statements.delete(number);
        return;
      case "exec":
        databases.get(call[1])!.exec(call[2]);
        return;
      case "prepare": {
        const [, number, of, sql, raw, bigints] = call;
        const prepared = databases.get(of)!.prepare(sql).safeIntegers(bigints);
        statements.set(number, { of, statement: prepared.reader ? prepared.raw(raw) : prepared });
        return;
      }
      case "get":
      case "all":
      case "run":
        return statements.get(call[1])!.statement[call[0]](...bound(call[2]));
      case "runEach": {
        const changes: number[] = [];
        try {
          for (const [statement, parameters] of call[1])
            changes.push(statements.get(statement)!.statement.run(...bound(parameters)).changes);
        } catch (thrown) {
          return { changes, error: faultOf(thrown) } satisfies Runs;
        }
        return { changes } satisfies Runs;
      }
      case "begin":
        cursors.set(call[1], statements.get(call[2])!.statement.iterate(...bound(call[3])));
        return batch(call[1]);
      case "next":
        return batch(call[1]);
      case "stop":
        cursors.get(call[1])?.return?.();
        cursors.delete(call[1]);
    }
  };

  const read = (bytes: number): Buffer | undefined => {
    const buffer = Buffer.allocUnsafeSlow(bytes);
    for (let filled = 0; filled < bytes;) {
      const count = fs.readSync(0, buffer, filled, bytes - filled, null);
      if (count === 0) return undefined;
      filled += count;
    }
    return buffer;
  };
  const write = (buffer: Buffer): void => {
    for (let written = 0; written < buffer.length;) written += fs.writeSync(1, buffer, written);
  };
  for (;;) {
    const length = read(4);
    const frame = length && read(length.readUInt32LE());
    if (frame === undefined) return;
    let answer: Answer;
    try {
      answer = { value: perform(v8.deserialize(frame) as Call) };
    } catch (thrown) {
      answer = { error: faultOf(thrown) };
    }
    const body = v8.serialize(answer);
    const head = Buffer.allocUnsafe(4);
    head.writeUInt32LE(body.length);
    write(head);
    write(body);
  }
}
