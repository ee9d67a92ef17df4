/** Texts and blobs that are too large to be held, and others of their length: their length and SHA-256. */
import { createHash } from "node:crypto";
import type { Cast } from "../../../services/rules";
import type { SqliteDatabase } from "../../sqlite/sqlite-database";
import type { Storage } from "../../sqlite/storage";
import type { TargetColumn } from "../../server/target";
import type { Asked, Form } from "./form";
import { meaningIn } from "./meaning";
import { NoMeaning } from "./no-meaning";
import type { Large } from "./source-rows";
import { leastHashed } from "./target-value";

/** Types whose large values PostgreSQL hashes, too. */
const hashedTypes = new Set(["text", "varchar", "citext", "json", "bpchar", "bytea"]);
/** Types of which no value is that large. */
const neverLarge = new Set(
  "int2 int4 int8 bool float4 float8 numeric name timestamp timestamptz date time uuid interval".split(" "),
);

const isHashed = ({ type, modifier }: TargetColumn) =>
  hashedTypes.has(type) && (type !== "bpchar" || modifier >= 4);

/** A form that PostgreSQL would hash. */
export function hashedIfLarge(column: TargetColumn, form: Form): Form {
  if (!Buffer.isBuffer(form) || form.length < leastHashed || !isHashed(column)) return form;
  return sha256([form]);
}

function sha256(pieces: Iterable<Buffer>): Buffer {
  const hash = createHash("sha256");
  let bytes = 0;
  for (const piece of pieces) {
    hash.update(piece);
    bytes += piece.length;
  }
  return Buffer.from(`sha256 ${bytes} ${hash.digest("hex")}`);
}

/** @throws NoMeaning */
export function largeForm(
  column: TargetColumn,
  encoding: SqliteDatabase["encoding"],
  cast: Cast | undefined,
  storage: Storage,
  value: Large,
): Form | Asked {
  if (neverLarge.has(column.type)) throw new NoMeaning(`a value far longer than any ${column.described}`);
  if (!isHashed(column) || column.type === "json") {
    return meaningIn(column, encoding, cast)(storage, Buffer.concat([...value.pieces()]));
  }
  const isText = storage === "t";
  if (column.type === "bytea" && (!isText || encoding === "UTF-8")) return sha256(value.pieces());
  if (!isText && cast !== "utf8") throw new NoMeaning(`a blob in a column of type ${column.described}`);
  const text = () => inUtf8(isText ? encoding : "UTF-8", value.pieces());
  const limit = column.type !== "bytea" && column.modifier >= 4 ? column.modifier - 4 : Infinity;
  let [characters, bytes, last] = [0, 0, 0];
  for (const piece of text()) {
    if (limit !== Infinity) characters += piece.toString().replace(/[\udc00-\udfff]/g, "").length;
    bytes += piece.length;
    last = piece.at(-1) ?? last;
  }
  if (characters > limit) throw new NoMeaning("text too long");
  if (column.type === "bpchar" && last === 0x20)
    throw new NoMeaning("text that ends in a space, which char(n) does not keep");
  return bytes < leastHashed ? Buffer.concat([...text()]) : sha256(text());
}

function* inUtf8(encoding: SqliteDatabase["encoding"], pieces: Iterable<Buffer>): Generator<Buffer> {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  const decode = (piece?: Buffer): Buffer => {
    let read: string;
    try {
      read = decoder.decode(piece, { stream: piece !== undefined });
    } catch {
      throw new NoMeaning(`text that is not valid ${encoding}`);
    }
    if (read.includes("\0")) throw new NoMeaning("text with a NUL character");
    return Buffer.from(read);
  };
  for (const piece of pieces) yield decode(piece);
  yield decode();
}
