import { isUtf8 } from "node:buffer";
import { emptyText, escapeCopy, help, misplaced, Misfit, type Casting, type Convert } from "./misfit";
import type { SqliteDatabase } from "../sqlite/sqlite-database";
import type { TargetColumn } from "../server/target";

const uuidForm = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/i;

/**
 * How SQLite's text becomes ours.
 * @throws Misfit for bytes that are no text in the database's encoding, and for a NUL, which PostgreSQL's text cannot hold.
 */
export function textReader(encoding: SqliteDatabase["encoding"]): (value: Buffer) => string {
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

/** What a value says as text: a number's digits say all of it, a blob says nothing. */
export function unchangedText(column: TargetColumn, text: (value: Buffer) => string): Convert {
  return (storage, value) => {
    if (storage === "t") return escapeCopy(text(value as Buffer));
    if (storage === "i") return String(value);
    if (storage === "r" && Number.isFinite(value)) {
      const printed = Object.is(value, -0) ? "-0" : String(value);
      // As SQLite writes it: a real shows that it is one.
      return Number.isInteger(value) && !printed.includes("e") ? `${printed}.0` : printed;
    }
    throw misplaced(storage, column.described, storage === "b" ? help.cast("utf8") : undefined);
  };
}

/** Types beside those of numbers in which a number says what it is: its digits are JSON, an amount, a label. */
const takesNumbers = new Set(["json", "money", "oid", "citext", "xml"]);

/** A network that says all its parts. PostgreSQL fills up what is missing: it reads `42` as 42.0.0.0/8. */
const network = /:|^\s*\d+(\.\d+){3}/;

/**
 * A power of ten of more than three digits. PostgreSQL prints all the digits of such a number: a row of a few bytes would
 * become gigabytes, for whoever reads it.
 */
export const largePower = /\de[+-]?0*[1-9]\d{3}/i;
export const tooManyDigits = (described: string) =>
  new Misfit(`number with a power of ten beyond 999 in a column of type ${described}`);

/** Types that the server reads. A number is no address and no point in time: `42` would be read as 42.0.0.0. */
export function otherText(column: TargetColumn, text: (value: Buffer) => string): Convert {
  const plain = unchangedText(column, text);
  if (takesNumbers.has(column.type) || column.isEnum) return plain;
  return (storage, value, tally) => {
    if (storage === "i" || storage === "r") throw misplaced(storage, column.described);
    const field = plain(storage, value, tally);
    if (column.type === "cidr" && !network.test(text(value as Buffer)))
      throw new Misfit(`network without all its parts in a column of type ${column.described}`);
    if (/^num(multi)?range$/.test(column.type) && largePower.test(text(value as Buffer)))
      throw tooManyDigits(column.described);
    if (column.type === "hstore" && repeatsHstoreKey(text(value as Buffer)))
      throw new Misfit(`the same key twice in a column of type ${column.described}`);
    return field;
  };
}

/** Whether a text for hstore has a key twice, of which it would keep one. */
function repeatsHstoreKey(written: string): boolean {
  const keys = [...written.matchAll(/("(?:[^"\\]|\\.)*"|(?:[^\s,="\\]|\\.)+)\s*=>/gs)].map(([, key = ""]) =>
    key.replace(/^"|"$/g, "").replace(/\\(.)/gs, "$1"),
  );
  return new Set(keys).size < keys.length;
}

/** Number of characters as PostgreSQL counts them: a pair of surrogates is one. */
function length(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}

/** text, varchar, char(n) and name. */
export function characters(column: TargetColumn, text: (value: Buffer) => string): Convert {
  const plain = unchangedText(column, text);
  const limit = column.modifier >= 4 ? column.modifier - 4 : Infinity;
  const tooLong = () => new Misfit(`text longer than ${column.described} allows`);
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
export function bytes(
  column: TargetColumn,
  encoding: SqliteDatabase["encoding"],
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

/** The bytes of a Guid of .NET's in the order in which a uuid is written. */
const guidOrder = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

/** uuid from text with or without hyphens; from a blob of 16 bytes only by a cast, since they come in two orders. */
export function uuid(column: TargetColumn, text: (value: Buffer) => string, cast?: Casting): Convert {
  const ofBlob = (blob: Buffer): string => {
    if (blob.length !== 16) throw new Misfit("blob that is not a uuid");
    if (cast?.as !== "uuid-bytes" && cast?.as !== "dotnet-guid") {
      // The version of a uuid is the first digit of its seventh byte, which .NET writes as the eighth.
      const isVersion = (byte: number) => byte >> 4 >= 1 && byte >> 4 <= 8;
      const isGuid = isVersion(blob[7]!) && !isVersion(blob[6]!);
      const kind = `blob in a column of type ${column.described}: ambiguous byte order (uuid-bytes or dotnet-guid)`;
      throw new Misfit(kind, help.cast(isGuid ? "dotnet-guid" : "uuid-bytes"));
    }
    cast.used();
    return (cast.as === "uuid-bytes" ? blob : Buffer.from(guidOrder.map((place) => blob[place]!))).toString(
      "hex",
    );
  };
  return (storage, value) => {
    if (storage !== "t" && storage !== "b") throw misplaced(storage, column.described);
    const written = storage === "t" ? text(value as Buffer) : ofBlob(value as Buffer);
    if (written === "") throw emptyText(column.described);
    const match = uuidForm.exec(written);
    if (match === null) throw new Misfit("text that is not a uuid");
    return match.slice(1).join("-").toLowerCase();
  };
}
