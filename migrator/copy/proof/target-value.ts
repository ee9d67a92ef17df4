/** What PostgreSQL holds, in the forms of `meaning.ts`: read in its binary form, which nothing of the copy is written in. */
import type { TargetColumn } from "../../server/target";
import { arrayFromPostgres, elementOf } from "./array-value";
import type { ReadField } from "./binary-rows";
import { decimalOf, formOf } from "./decimal";
import { jsonForm } from "./json-value";
import { type Form } from "./form";

/** Bytes from which on a text or blob is compared by its length and its SHA-256. */
export const leastHashed = 1 << 20;

export interface TargetValue {
  /** SQL that selects it. @param name quoted */
  readonly term: (name: string) => string;
  readonly form: ReadField<Form>;
}

/** PostgreSQL counts time from 2000. */
const since2000 = { micros: 946_684_800_000_000n, days: 10_957 };

const hashed = (name: string, bytes: string) =>
  `'sha256 ' || octet_length(${name}) || ' ' || encode(sha256(${bytes}), 'hex')`;

/** Measured and hashed in UTF-8, as the source is: other encodings have at least a third of its bytes for a character. */
const text = (name: string) => {
  const utf8 = `convert_to(${name}::text, 'UTF8')`;
  const isSmall = `octet_length(${name}::text) < ${leastHashed / 4} OR octet_length(${utf8}) < ${leastHashed}`;
  return `CASE WHEN ${isSmall} THEN ${name}::text ELSE ${hashed(utf8, utf8)} END`;
};

const asIs: TargetValue = {
  term: (name) => name,
  form: (bytes, start, end) => bytes.subarray(start, end),
};
const printed = (form: (text: string) => Form): TargetValue => ({
  term: (name) => `${name}::text`,
  form: (bytes, start, end) => form(bytes.toString("utf8", start, end)),
});
const binary = (form: (bytes: Buffer, at: number, end: number) => Form): TargetValue => ({
  term: (name) => name,
  form,
});

export function targetValueOf(column: TargetColumn): TargetValue {
  const { type, modifier } = column;
  switch (column.isEnum ? "" : type) {
    case "int2":
      return binary((bytes, at) => bytes.readInt16BE(at));
    case "int4":
      return binary((bytes, at) => bytes.readInt32BE(at));
    case "int8":
      return binary((bytes, at) => bytes.readBigInt64BE(at));
    case "bool":
      return binary((bytes, at) => (bytes[at] === 1 ? "true" : "false"));
    case "float4":
      return binary((bytes, at) => bytes.readFloatBE(at));
    case "float8":
      return binary((bytes, at) => bytes.readDoubleBE(at));
    case "numeric":
      return printed(decimalForm);
    case "text":
    case "varchar":
    case "citext":
    case "json":
      return { ...asIs, term: text };
    case "name":
      return asIs;
    case "bpchar":
      // A cast to text takes the spaces away that fill it up, and those alone: no value of the source ends in one.
      return { ...asIs, term: modifier >= 4 ? text : (name) => name };
    case "bytea":
      return {
        ...asIs,
        term: (name) =>
          `CASE WHEN octet_length(${name}) < ${leastHashed} THEN ${name} ELSE convert_to(${hashed(name, name)}, 'UTF8') END`,
      };
    case "timestamp":
    case "timestamptz":
      return binary((bytes, at) => bytes.readBigInt64BE(at) + since2000.micros);
    case "date":
      return binary((bytes, at) => bytes.readInt32BE(at) + since2000.days);
    case "time":
      return binary((bytes, at) => bytes.readBigInt64BE(at));
    case "uuid":
      return binary((bytes, at, end) => bytes.toString("hex", at, end));
    case "interval":
      return binary(
        (bytes, at) =>
          `${bytes.readInt32BE(at + 12)} ${bytes.readInt32BE(at + 8)} ${bytes.readBigInt64BE(at)}`,
      );
    case "jsonb":
      return printed(jsonForm);
    default: {
      const element = elementOf(column);
      if (element === undefined) return printed((text) => text);
      return printed((text) => arrayFromPostgres(element, text));
    }
  }
}

function decimalForm(written: string): string {
  const number = decimalOf(written);
  return number === undefined ? written : formOf(number);
}
