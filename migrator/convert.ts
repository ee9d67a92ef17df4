import { isUtf8 } from "node:buffer";
import { boolean, float, integer, numeric, reprintFloat } from "./convert-number";
import { date, time, timestamp } from "./convert-time";
import { escapeCopy, misplaced, Misfit, type Convert } from "./misfit";
import type { SqliteSource } from "./sqlite";
import type { TargetColumn } from "./target";

/** How the values of one column go over. */
export interface ColumnConverter {
  readonly convert: Convert;
  /** The server itself has to read the text and say how it prints it, before it is sent. */
  readonly byServer: boolean;
  /** Brings a field that the server printed into our form, where the two differ. */
  readonly reprint: ((field: string) => string) | undefined;
}

const uuidForm = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/i;

/**
 * How SQLite's text becomes ours.
 * @throws Misfit for bytes that are no text in the database's encoding, and for a NUL, which PostgreSQL's text cannot hold.
 */
export function textReader(encoding: SqliteSource["encoding"]): (value: Buffer) => string {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  const decode =
    encoding === "UTF-8"
      ? (value: Buffer) => {
          if (!isUtf8(value)) throw new Misfit("text that is not valid UTF-8");
          return value.toString("utf8");
        }
      : (value: Buffer) => {
          try {
            return decoder.decode(value);
          } catch {
            throw new Misfit(`text that is not valid ${encoding}`);
          }
        };
  return (value) => {
    const text = decode(value);
    if (text.includes("\0")) throw new Misfit("text with a NUL character");
    return text;
  };
}

/** The converter of a column, by its type alone. */
export function converterFor(column: TargetColumn, encoding: SqliteSource["encoding"]): ColumnConverter {
  const text = textReader(encoding);
  const own = (convert: Convert): ColumnConverter => ({ convert, byServer: false, reprint: undefined });
  switch (column.type) {
    case "int2":
      return own(integer(column, 16, text));
    case "int4":
      return own(integer(column, 32, text));
    case "int8":
      return own(integer(column, 64, text));
    case "bool":
      return own(boolean(column, text));
    case "float4":
      return { ...own(float(column, 32, text)), reprint: reprintFloat(32) };
    case "float8":
      return { ...own(float(column, 64, text)), reprint: reprintFloat(64) };
    case "numeric":
      return own(numeric(column, text));
    case "text":
    case "varchar":
    case "bpchar":
    case "name":
      return own(characters(column, text));
    case "bytea":
      return own(bytes(column, encoding, text));
    case "timestamp":
      return own(timestamp(column, false, text));
    case "timestamptz":
      return own(timestamp(column, true, text));
    case "date":
      return own(date(column, text));
    case "time":
      return own(time(column, text));
    case "uuid":
      return own(uuid(column, text));
    case "jsonb":
      return { convert: json(column, text), byServer: true, reprint: undefined };
    default:
      return { convert: plainText(column, text), byServer: true, reprint: undefined };
  }
}

/** What a value says as text: a number's digits say all of it, a blob says nothing. */
function plainText(column: TargetColumn, text: (value: Buffer) => string): Convert {
  return (storage, value) => {
    if (storage === "t") return escapeCopy(text(value as Buffer));
    if (storage === "i") return String(value);
    if (storage === "r" && Number.isFinite(value)) {
      const printed = String(value);
      // As SQLite writes it: a real shows that it is one.
      return Number.isInteger(value) && !printed.includes("e") ? `${printed}.0` : printed;
    }
    throw misplaced(storage, column.described);
  };
}

/** Number of characters as PostgreSQL counts them: a pair of surrogates is one. */
function length(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}

/** text, varchar, char(n) and name. */
function characters(column: TargetColumn, text: (value: Buffer) => string): Convert {
  const plain = plainText(column, text);
  const limit = column.modifier >= 4 ? column.modifier - 4 : Infinity;
  const tooLong = () => new Misfit(`text longer than ${column.described} holds`);
  if (column.type === "text" || (limit === Infinity && column.type !== "name")) return plain;
  const unescaped = (
    storage: Parameters<Convert>[0],
    value: Parameters<Convert>[1],
    tally: Parameters<Convert>[2],
  ) => (storage === "t" ? text(value as Buffer) : plain(storage, value, tally));
  return (storage, value, tally) => {
    const read = unescaped(storage, value, tally);
    if (column.type === "name") {
      if (Buffer.byteLength(read) > 63) throw tooLong();
      return escapeCopy(read);
    }
    const count = length(read);
    if (count > limit) throw tooLong();
    if (column.type === "varchar") return escapeCopy(read);
    // char(n) fills up with spaces and does not tell them from the text's own.
    if (read.endsWith(" "))
      throw new Misfit(`text that ends in a space in a column of type ${column.described}`);
    return escapeCopy(read) + " ".repeat(limit - count);
  };
}

/** bytea from a blob as it is, and from text as its UTF-8 bytes. */
function bytes(
  column: TargetColumn,
  encoding: SqliteSource["encoding"],
  text: (value: Buffer) => string,
): Convert {
  return (storage, value) => {
    if (storage === "b" || (storage === "t" && encoding === "UTF-8")) {
      return `\\\\x${(value as Buffer).toString("hex")}`;
    }
    if (storage === "t") return `\\\\x${Buffer.from(text(value as Buffer)).toString("hex")}`;
    throw misplaced(storage, column.described);
  };
}

/** uuid from text with or without hyphens, and from a blob of 16 bytes. */
function uuid(column: TargetColumn, text: (value: Buffer) => string): Convert {
  return (storage, value) => {
    if (storage !== "t" && storage !== "b") throw misplaced(storage, column.described);
    const written = storage === "t" ? text(value as Buffer) : (value as Buffer).toString("hex");
    const match = uuidForm.exec(written);
    if (match === null) throw new Misfit(`${storage === "t" ? "text" : "blob"} that is no uuid`);
    return match.slice(1).join("-").toLowerCase();
  };
}

/** jsonb keeps one of several equal keys: such an object is refused. The server judges the rest. */
function json(column: TargetColumn, text: (value: Buffer) => string): Convert {
  const plain = plainText(column, text);
  return (storage, value, tally) => {
    const field = plain(storage, value, tally);
    if (storage === "t" && repeatsKey(text(value as Buffer))) {
      throw new Misfit(`object with the same key twice in a column of type ${column.described}`);
    }
    return field;
  };
}

/** Whether an object in a JSON text has a key twice. Text that is no JSON gives any answer. */
export function repeatsKey(text: string): boolean {
  const open: (Set<string> | undefined)[] = [];
  for (const [, string, colon, bracket] of text.matchAll(/"((?:[^"\\]|\\.)*)"(\s*:)?|([[\]{}])/gs)) {
    if (bracket === "{") open.push(new Set());
    else if (bracket === "[") open.push(undefined);
    else if (bracket !== undefined) open.pop();
    else if (string !== undefined && colon !== undefined) {
      const keys = open.at(-1);
      const key = unquote(string);
      if (keys?.has(key)) return true;
      keys?.add(key);
    }
  }
  return false;
}

function unquote(string: string): string {
  try {
    return JSON.parse(`"${string}"`) as string;
  } catch {
    return string;
  }
}
