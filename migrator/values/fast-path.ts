import type { TargetColumn } from "../server/target";
import type { Casting } from "./misfit";
import type { FieldTranscoder } from "./transcode";
import * as documents from "./transcode-json";
import * as numbers from "./transcode-number";
import * as texts from "./transcode-text";
import * as times from "./transcode-time";

/** How a column whose values are of the usual kind goes over: from SQLite's records as they lie in the file into COPY's form. */
export type FastPath = FieldTranscoder;

const placesOf = ({ modifier }: TargetColumn) => (modifier >= 0 ? modifier : 6);

export const { boolean, float, integer } = numbers;
export const { bytes, uuid } = texts;
export const { json, jsonb } = documents;
export const { date } = times;

export const timestamp = (column: TargetColumn, zoned: boolean): FastPath =>
  times.timestamp(placesOf(column), zoned);

/** The short way of a column for which a cast is declared. */
export function withCast(fastPath: FastPath, cast: Casting, column: TargetColumn): FastPath {
  if (column.type === "numeric" && cast.as === "round") return numeric(column, cast.used) ?? fastPath;
  const micros = { "epoch-seconds": 1_000_000, "epoch-milliseconds": 1000 }[cast.as as string];
  if (micros === undefined || !column.type.startsWith("timestamp")) return fastPath;
  return times.epoch(fastPath, micros, placesOf(column), cast.used);
}

export const time = (column: TargetColumn): FastPath => times.time(placesOf(column));

/** @param round told of every real that is rounded. Default none is. */
export function numeric({ modifier }: TargetColumn, round?: () => void): FastPath | undefined {
  if (modifier < 4) return numbers.decimal(15, 0);
  const precision = ((modifier - 4) >> 16) & 0xffff;
  const scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
  return scale < 0 || precision <= scale ? undefined : numbers.decimal(precision - scale, scale, round);
}

/** text, varchar, char(n) and name. */
export function text({ type, modifier }: TargetColumn): FastPath {
  if (type === "name") return texts.text({ bytes: 63 });
  if (type === "text" || modifier < 4) return texts.text();
  const characters = modifier - 4;
  return type === "varchar" ? texts.text({ characters }) : texts.padded(characters);
}
