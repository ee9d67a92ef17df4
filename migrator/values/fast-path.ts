import type { TargetColumn } from "../server/target";
import type { FieldTranscoder } from "./transcode";
import * as numbers from "./transcode-number";
import * as texts from "./transcode-text";
import * as times from "./transcode-time";

/** How a column whose values are of the usual kind goes over: from SQLite's records as they lie in the file into COPY's form. */
export type FastPath = FieldTranscoder;

const placesOf = ({ modifier }: TargetColumn) => (modifier >= 0 ? modifier : 6);

export const { boolean, float, integer } = numbers;
export const { bytes, uuid } = texts;
export const { date } = times;

export const timestamp = (column: TargetColumn, zoned: boolean): FastPath =>
  times.timestamp(placesOf(column), zoned);

export const time = (column: TargetColumn): FastPath => times.time(placesOf(column));

export function numeric({ modifier }: TargetColumn): FastPath | undefined {
  if (modifier < 4) return numbers.decimal(15, 0);
  const precision = ((modifier - 4) >> 16) & 0xffff;
  const scale = (((modifier - 4) & 0x7ff) ^ 1024) - 1024;
  return scale < 0 || precision <= scale ? undefined : numbers.decimal(precision - scale, scale);
}

/** text, varchar, char(n) and name. */
export function text({ type, modifier }: TargetColumn): FastPath {
  if (type === "name") return texts.text({ bytes: 63 });
  if (type === "text" || modifier < 4) return texts.text();
  const characters = modifier - 4;
  return type === "varchar" ? texts.text({ characters }) : texts.padded(characters);
}
