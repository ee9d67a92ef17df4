import * as transcoders from "./field-transcoders";
import type { TargetColumn } from "../server/target";
import type { FieldTranscoder } from "./transcode";

/** How a column whose values are of the usual kind goes over: written in JSON by SQLite, and brought into COPY's form. */
export interface FastPath {
  /** What SQLite has to hold there, if it holds anything. */
  readonly storage: "number" | "text" | "bytes";
  readonly transcoder: FieldTranscoder;
}

const number = (transcoder: FieldTranscoder): FastPath => ({ storage: "number", transcoder });
const textual = (transcoder: FieldTranscoder): FastPath => ({ storage: "text", transcoder });
const placesOf = ({ modifier }: TargetColumn) => (modifier >= 0 ? modifier : 6);

export const integer = (bits: 16 | 32 | 64) => number(transcoders.integer(bits));
export const boolean = number(transcoders.boolean);
export const date = textual(transcoders.date);
export const uuid = textual(transcoders.uuid);
export const bytes: FastPath = { storage: "bytes", transcoder: transcoders.hexadecimal };

export function timestamp(column: TargetColumn, zoned: boolean): FastPath {
  return textual(transcoders.timestamp(placesOf(column), zoned));
}

export function time(column: TargetColumn): FastPath {
  return textual(transcoders.time(placesOf(column)));
}

export function numeric({ modifier }: TargetColumn): FastPath | undefined {
  if (modifier < 4) return integer(64);
  const precision = ((modifier - 4) >> 16) & 0xffff;
  const scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
  return scale < 0 || precision <= scale ? undefined : number(transcoders.decimal(precision - scale, scale));
}

/** text, varchar, char(n) and name. */
export function text({ type, modifier }: TargetColumn): FastPath {
  if (type === "name") return textual(transcoders.text({ bytes: 63 }));
  if (type === "text" || modifier < 4) return textual(transcoders.text());
  const characters = modifier - 4;
  return textual(type === "varchar" ? transcoders.text({ characters }) : transcoders.padded(characters));
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
