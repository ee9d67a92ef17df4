/** The types of PostgreSQL that the copy knows, each with everything the copy has to know about it. A new type is a row here. */
import type { Cast } from "../../services/rules";
import type { SqliteDatabase } from "../sqlite/sqlite-database";
import type { TargetColumn } from "../server/target";
import { array, json } from "./convert-json";
import { boolean, float, integer, numeric, reprintFloat } from "./convert-number";
import { interval } from "./convert-interval";
import { bytes, characters, otherText, uuid } from "./convert-text";
import { date, time, timestamp } from "./convert-time";
import * as fast from "./fast-path";
import { listForms } from "./list-forms";
import type { Casting, Convert } from "./misfit";
import * as forms from "./sqlite-forms";

/** A column, and how its values are to be read. */
export interface Conversion {
  readonly column: TargetColumn;
  readonly encoding: SqliteDatabase["encoding"];
  /** Decodes SQLite's text. */
  readonly text: (value: Buffer) => string;
  /** The cast that is declared for the column. */
  readonly cast: Casting | undefined;
}

export interface ColumnType {
  /** How a value of SQLite becomes a field for COPY. */
  readonly convert: (conversion: Conversion) => Convert;
  /** Whether the server itself has to read the text and say how it prints it, before it is sent. */
  readonly byServer: boolean;
  /** Brings a field that the server printed into our form, where the two differ. */
  readonly reprint?: (field: string) => string;
  /** The fast path of a UTF-8 database; `undefined` where the server has to read the value. */
  readonly fastPath: (column: TargetColumn) => fast.FastPath | undefined;
  /**
   * What becomes of a value that is too large to be held: its text or its bytes go in pieces, no value of the type is so
   * large, or the server reads it whole.
   */
  readonly large: "text" | "bytes" | "never" | "whole";
  /** The casts that a rule may declare. */
  readonly casts: readonly Cast[];
  /** How apps write its values to SQLite, the most usual way first. */
  readonly forms: readonly forms.Form[];
}

const integerType = (bits: 16 | 32 | 64): ColumnType => ({
  convert: ({ column, text, cast }) => integer(column, bits, text, cast),
  byServer: false,
  fastPath: () => fast.integer(bits),
  large: "never",
  casts: ["round"],
  forms: [forms.integer, forms.text, forms.real],
});

const floatType = (bits: 32 | 64): ColumnType => ({
  convert: ({ column, text, cast }) => float(column, bits, text, cast),
  byServer: false,
  reprint: reprintFloat(bits),
  fastPath: () => fast.float(bits),
  large: "never",
  casts: ["round"],
  forms: [forms.real, forms.integer, forms.text],
});

const textType: ColumnType = {
  convert: ({ column, text }) => characters(column, text),
  byServer: false,
  fastPath: fast.text,
  large: "text",
  casts: ["utf8"],
  forms: [forms.text, forms.integer, forms.real],
};

const epochs: readonly Cast[] = ["epoch-seconds", "epoch-milliseconds", "julian-days"];

const timestampType = (zoned: boolean): ColumnType => ({
  convert: ({ column, text, cast }) => timestamp(column, zoned, text, cast),
  byServer: false,
  fastPath: (column) => fast.timestamp(column, zoned),
  large: "never",
  casts: ["round", ...epochs, ...(zoned ? [] : (["utc"] as const))],
  forms: [...forms.moments, ...forms.epochs],
});

/** A type whose texts the server reads and prints. */
const serverType = (convert: (column: TargetColumn, text: Conversion["text"]) => Convert): ColumnType => ({
  convert: ({ column, text }) => convert(column, text),
  byServer: true,
  fastPath: () => undefined,
  large: "whole",
  casts: ["utf8"],
  forms: [forms.text, forms.integer, forms.real],
});

const types: Readonly<Record<string, ColumnType>> = {
  int2: integerType(16),
  int4: integerType(32),
  int8: integerType(64),
  float4: floatType(32),
  float8: floatType(64),
  numeric: {
    convert: ({ column, text, cast }) => numeric(column, text, cast),
    byServer: false,
    fastPath: fast.numeric,
    large: "never",
    casts: ["round"],
    forms: [forms.integer, forms.real, forms.text],
  },
  bool: {
    convert: ({ column, text }) => boolean(column, text),
    byServer: false,
    fastPath: () => fast.boolean,
    large: "never",
    casts: [],
    forms: forms.booleans,
  },
  text: textType,
  varchar: textType,
  name: textType,
  bpchar: { ...textType, forms: [forms.unpadded, forms.text] },
  bytea: {
    convert: ({ column, encoding, text }) => bytes(column, encoding, text),
    byServer: false,
    fastPath: () => fast.bytes,
    large: "bytes",
    casts: [],
    forms: forms.blobs,
  },
  timestamp: timestampType(false),
  timestamptz: timestampType(true),
  date: {
    convert: ({ column, text, cast }) => date(column, text, cast),
    byServer: false,
    fastPath: () => fast.date,
    large: "never",
    casts: [...epochs, "day"],
    forms: [forms.text, ...forms.midnights, ...forms.epochs],
  },
  time: {
    convert: ({ column, text, cast }) => time(column, text, cast),
    byServer: false,
    fastPath: fast.time,
    large: "never",
    casts: ["round"],
    forms: forms.clocks,
  },
  uuid: {
    convert: ({ column, text, cast }) => uuid(column, text, cast),
    byServer: false,
    fastPath: () => fast.uuid,
    large: "never",
    casts: ["uuid-bytes", "dotnet-guid"],
    forms: forms.uuids,
  },
  json: { ...serverType(otherText), fastPath: () => fast.json },
  jsonb: { ...serverType(json), fastPath: () => fast.jsonb },
  interval: {
    ...serverType(otherText),
    convert: ({ column, text, cast }) => interval(column, text, cast),
    casts: ["microseconds", "milliseconds", "seconds", "ticks", "since-epoch"],
    forms: forms.intervals,
  },
};

const otherType = serverType(otherText);
const arrayTypes = new Map<string, ColumnType>();

function arrayType(type: string): ColumnType {
  const known = arrayTypes.get(type) ?? { ...serverType(array), forms: listForms(type) };
  arrayTypes.set(type, known);
  return known;
}

/** What the copy knows of a column's type; a type that is not in the table is the server's to read. */
export function typeOf({
  type,
  isArray,
  isEnum,
}: Pick<TargetColumn, "type" | "isArray" | "isEnum">): ColumnType {
  // An enum may be called anything.
  if (!isEnum && Object.hasOwn(types, type)) return types[type]!;
  return isArray ? arrayType(type) : otherType;
}
