/** Reads rows of COPY's binary form, and prints their values as PostgreSQL does: by PostgreSQL's own descriptions of its types. */
import type { TargetColumn } from "../../../migrator/server/target";

const escapes: Record<string, string> = {
  "\\": "\\\\",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
  "\b": "\\b",
  "\f": "\\f",
  "\v": "\\v",
};

/** Milliseconds from 1970 to 2000, where PostgreSQL's time begins. */
const since1970 = Date.UTC(2000, 0, 1);

const isoOf = (milliseconds: number) => new Date(milliseconds).toISOString().replace("T", " ").slice(0, 19);
const fractionOf = (micros: bigint) => {
  const digits = String(micros).padStart(6, "0").replace(/0+$/, "");
  return digits === "" ? "" : `.${digits}`;
};

function momentOf(micros: bigint): string {
  const rest = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  return `${isoOf(Number((micros - rest) / 1000n) + since1970)}${fractionOf(rest)}`;
}

/** As `numeric_out` prints it: base 10,000, the weight of the first group, sign, digits behind the point. */
function numericOf(field: Buffer): string {
  const [count, weight, sign, scale] = [0, 2, 4, 6].map((at) => field.readInt16BE(at)) as [
    number,
    number,
    number,
    number,
  ];
  const group = (power: number) => {
    const place = weight - power;
    return place >= 0 && place < count ? field.readInt16BE(8 + 2 * place) : 0;
  };
  let whole = "";
  for (let power = Math.max(weight, 0); power >= 0; power--) whole += String(group(power)).padStart(4, "0");
  let fraction = "";
  for (let power = -1; fraction.length < scale; power--) fraction += String(group(power)).padStart(4, "0");
  const shown = scale > 0 ? `.${fraction.slice(0, scale)}` : "";
  return `${sign === 0 ? "" : "-"}${whole.replace(/^0+(?=\d)/, "")}${shown}`;
}

function printed({ type }: TargetColumn, field: Buffer): string {
  switch (type) {
    case "int2":
      return String(field.readInt16BE());
    case "int4":
      return String(field.readInt32BE());
    case "int8":
      return String(field.readBigInt64BE());
    case "float4":
    case "float8": {
      const number = type === "float4" ? field.readFloatBE() : field.readDoubleBE();
      return Object.is(number, -0) ? "-0" : String(number);
    }
    case "bool":
      return field[0] === 1 ? "t" : "f";
    case "numeric":
      return numericOf(field);
    case "bytea":
      return `\\\\x${field.toString("hex")}`;
    case "timestamp":
      return momentOf(field.readBigInt64BE());
    case "timestamptz":
      return `${momentOf(field.readBigInt64BE())}+00`;
    case "date":
      return isoOf(field.readInt32BE() * 86_400_000 + since1970).slice(0, 10);
    case "time":
      return momentOf(field.readBigInt64BE()).slice(11);
    case "uuid":
      return field.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    default:
      return field.toString("utf8").replace(/[\\\t\n\r\b\f\v]/g, (character) => escapes[character]!);
  }
}

/** The rows, a line for each. Throws for bytes that are no whole rows. */
export function printedTuples(columns: readonly TargetColumn[], tuples: Buffer): string {
  let lines = "";
  for (let at = 0; at < tuples.length;) {
    const count = tuples.readInt16BE(at);
    if (count !== columns.length) throw new Error(`${count} fields for ${columns.length} columns`);
    at += 2;
    const fields = columns.map((column) => {
      const length = tuples.readInt32BE(at);
      at += 4;
      if (length === -1) return "\\N";
      const field = tuples.subarray(at, at + length);
      if (field.length !== length) throw new Error("half a field");
      at += length;
      return printed(column, field);
    });
    lines += `${fields.join("\t")}\n`;
  }
  return lines;
}
