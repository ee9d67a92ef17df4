import * as transcoders from "./field-transcoders";
import type { TargetColumn } from "../server/target";
import type { FieldTranscoder } from "./transcode";

/** How a column whose values are of the usual kind goes over: from SQLite's records as they lie in the file into COPY's form. */
export type FastPath = FieldTranscoder;

const placesOf = ({ modifier }: TargetColumn) => (modifier >= 0 ? modifier : 6);

export const { boolean, date, float, integer, uuid } = transcoders;
export const bytes = transcoders.hexadecimal;

export const timestamp = (column: TargetColumn, zoned: boolean): FastPath =>
  transcoders.timestamp(placesOf(column), zoned);

export const time = (column: TargetColumn): FastPath => transcoders.time(placesOf(column));

export function numeric({ modifier }: TargetColumn): FastPath | undefined {
  if (modifier < 4) return integer(64);
  const precision = ((modifier - 4) >> 16) & 0xffff;
  const scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
  return scale < 0 || precision <= scale ? undefined : transcoders.decimal(precision - scale, scale);
}

/** text, varchar, char(n) and name. */
export function text({ type, modifier }: TargetColumn): FastPath {
  if (type === "name") return transcoders.text({ bytes: 63 });
  if (type === "text" || modifier < 4) return transcoders.text();
  const characters = modifier - 4;
  return type === "varchar" ? transcoders.text({ characters }) : transcoders.padded(characters);
}
