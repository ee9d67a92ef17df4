import * as transcoders from "./field-transcoders";
import type { SqliteDatabase } from "../sqlite/sqlite-database";
import type { TargetColumn } from "../server/target";
import type { FieldTranscoder } from "./transcode";

/** How a column whose values are of the usual kind goes over: written in JSON by SQLite, and brought into COPY's form. */
export interface FastPath {
  /** What SQLite has to hold there, if it holds anything. */
  readonly storage: "number" | "text" | "bytes";
  readonly transcoder: FieldTranscoder;
}

function numeric({ modifier }: TargetColumn): FieldTranscoder | undefined {
  if (modifier < 4) return transcoders.integer(64);
  const precision = ((modifier - 4) >> 16) & 0xffff;
  const scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
  return scale < 0 || precision <= scale ? undefined : transcoders.decimal(precision - scale, scale);
}

function characters({ type, modifier }: TargetColumn): FieldTranscoder {
  if (type === "name") return transcoders.text({ bytes: 63 });
  if (type === "text" || modifier < 4) return transcoders.text();
  return type === "varchar"
    ? transcoders.text({ characters: modifier - 4 })
    : transcoders.padded(modifier - 4);
}

/** The short way of a column; `undefined` where SQLite cannot write what PostgreSQL would print, as with reals. */
export function fastPathOf(column: TargetColumn, encoding: SqliteDatabase["encoding"]): FastPath | undefined {
  if (encoding !== "UTF-8") return undefined;
  const number = (transcoder: FieldTranscoder | undefined): FastPath | undefined =>
    transcoder && { storage: "number", transcoder };
  const text = (transcoder: FieldTranscoder): FastPath => ({ storage: "text", transcoder });
  const places = column.modifier >= 0 ? column.modifier : 6;
  switch (column.type) {
    case "int2":
      return number(transcoders.integer(16));
    case "int4":
      return number(transcoders.integer(32));
    case "int8":
      return number(transcoders.integer(64));
    case "bool":
      return number(transcoders.boolean);
    case "numeric":
      return number(numeric(column));
    case "text":
    case "varchar":
    case "bpchar":
    case "name":
      return text(characters(column));
    case "timestamp":
      return text(transcoders.timestamp(places, false));
    case "timestamptz":
      return text(transcoders.timestamp(places, true));
    case "date":
      return text(transcoders.date);
    case "time":
      return text(transcoders.time(places));
    case "uuid":
      return text(transcoders.uuid);
    case "bytea":
      return { storage: "bytes", transcoder: transcoders.hexadecimal };
    default:
      return undefined;
  }
}

/** A column of a table that is read the short way; `name` is quoted. */
export interface FastColumn extends FastPath {
  readonly name: string;
  readonly nullable: boolean;
}

/**
 * SQL for a row as a JSON array; NULL for a row with a value in another storage, or with more bytes: that one is not even
 * looked at, since SQLite would make its values whole. SQLite puts numbers before text and text before blobs: one comparison tells
 * them apart. A blob must not get into JSON, it may be taken for some.
 * @param most bytes of texts and blobs.
 */
export function jsonOf(columns: readonly FastColumn[], most: number): string {
  const before = { number: "''", text: "x''", bytes: undefined };
  const conditions = columns.flatMap(({ name, storage, nullable }) => {
    const limit = before[storage];
    if (limit === undefined) return [];
    const fits = `${name} COLLATE BINARY < ${limit}`;
    return nullable ? `(${name} IS NULL OR ${fits})` : fits;
  });
  const sizes = columns
    .filter(({ storage }) => storage !== "number")
    .map(({ name, nullable }) => (nullable ? `ifnull(octet_length(${name}), 0)` : `octet_length(${name})`));
  if (sizes.length > 0) conditions.unshift(`${sizes.join(" + ")} <= ${most}`);
  const values = columns.map(({ name, storage }) => (storage === "bytes" ? hexOf(name) : name));
  return `CASE WHEN ${conditions.join(" AND ") || "true"} THEN json_array(${values.join(", ")}) END`;
}

/** A number is no bytes; written as it is, it is not taken for any. */
function hexOf(name: string): string {
  return `CASE WHEN ${name} COLLATE BINARY >= '' THEN hex(${name}) ELSE ${name} END`;
}
