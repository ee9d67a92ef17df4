/**
 * What a value of SQLite means in a type of PostgreSQL: by its storage, and by nothing that the copy makes of it. Equal
 * values have one form, and `target-value.ts` brings what PostgreSQL holds into the same.
 */
import { isUtf8 } from "node:buffer";
import type { Cast } from "../../../services/rules";
import type { SqliteDatabase } from "../../sqlite/sqlite-database";
import type { Raw, Storage } from "../../sqlite/storage";
import type { TargetColumn } from "../../server/target";
import { arrayFromSqlite, elementOf, literalFromSqlite } from "./array-value";
import { decimalOf, formOf, hasLargePower, isBelow, isWithin, rounded, type Decimal } from "./decimal";
import { type Meaning } from "./form";
import { jsonForm } from "./json-value";
import { isWritable, microsOf, microsOfJulianDay, momentOf, timeOfDay, toPlaces } from "./moment";
import { NoMeaning } from "./no-meaning";

/** Text as it is stored, to characters. */
export function decoderOf(encoding: SqliteDatabase["encoding"]): (bytes: Buffer) => string {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  return (bytes) => {
    let text: string;
    try {
      text = decoder.decode(bytes);
    } catch {
      throw new NoMeaning(`text that is not valid ${encoding}`);
    }
    if (text.includes("\0")) throw new NoMeaning("text with a NUL character");
    return text;
  };
}

const kinds: Record<Storage, string> = { n: "NULL", i: "an integer", r: "a real", t: "text", b: "a blob" };
const never = (storage: Storage, { described }: TargetColumn) =>
  new NoMeaning(`${kinds[storage]} in a column of type ${described}: ambiguous`);

/** The digits behind the point that a numeric(p,s) keeps, and the power of ten that its values stay below. */
export function limitsOf(modifier: number): { places: number; power: number } | undefined {
  if (modifier < 4) return undefined;
  const precision = (modifier - 4) >>> 16;
  const scale = (((modifier - 4) & 0x7ff) ^ 0x400) - 0x400;
  return { places: scale, power: precision - scale };
}

/** A number as it is written, or as the shortest decimal that is this real. */
function numberOf(storage: Storage, value: Exclude<Raw, null>, text: (bytes: Buffer) => string): Decimal {
  if (storage === "b") throw new NoMeaning("a blob instead of a number");
  const written = storage === "t" ? text(value as Buffer) : String(value);
  // Text of another form is no plain number: `007`, `+1`, ` 1`.
  const isPlain = storage !== "t" || /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]\d+)?$/.test(written);
  const number = isPlain ? decimalOf(written) : undefined;
  if (number === undefined) throw new NoMeaning("not a number");
  return number;
}

const isInteger = (written: string) => /^(0|-?[1-9]\d*)$/.test(written);

/** Text of a number without an exponent. */
const isPlainText = (written: string) => /^-?\d+(\.\d+)?$/.test(written);

/** @param cast that is declared for the column */
export function meaningIn(
  column: TargetColumn,
  encoding: SqliteDatabase["encoding"],
  cast: Cast | undefined,
): Meaning {
  const text = decoderOf(encoding);
  const rounds = cast === "round";
  const { type, modifier } = column;
  const places = modifier >= 0 ? modifier : 6;

  const integer =
    (bits: number): Meaning =>
    (storage, value) => {
      let number: bigint;
      if (storage === "i") number = value as bigint;
      else if (storage === "r" && Number.isInteger(value) && (rounds || Number.isSafeInteger(value)))
        number = BigInt(value as number);
      else if (storage === "r" && Number.isInteger(value))
        throw new NoMeaning("a real too large to be an exact integer");
      else {
        const decimal = numberOf(storage, value, text);
        if (storage === "t" && !(rounds ? isPlainText : isInteger)(text(value as Buffer)))
          throw never(storage, column);
        if (!rounds && !isWithin(decimal, 0)) throw new NoMeaning("a fraction in a column of integers");
        const { negative, digits, exponent } = rounded(decimal, 0);
        if (digits.length + exponent > 20) throw new NoMeaning("an integer out of range");
        number = BigInt(digits || "0") * 10n ** BigInt(exponent) * (negative ? -1n : 1n);
      }
      if (BigInt.asIntN(bits, number) !== number) throw new NoMeaning("an integer out of range");
      return bits > 32 ? number : Number(number);
    };

  const float =
    (narrow: boolean): Meaning =>
    (storage, value) => {
      if (storage === "b") throw never(storage, column);
      const number = storage === "t" ? Number(text(value as Buffer)) : Number(value);
      const exact =
        storage === "r" ||
        (storage === "i"
          ? BigInt(number) === value
          : formOf(numberOf(storage, value, text)) === (decimalFormOf(number) ?? ""));
      if (storage === "t") numberOf(storage, value, text);
      const held = narrow ? Math.fround(number) : number;
      if (storage !== "r" && !Number.isFinite(held)) throw new NoMeaning("a number out of range");
      if (storage === "r" && Number.isFinite(number) && !Number.isFinite(held))
        throw new NoMeaning("a number out of range");
      if (!rounds && (!exact || !Object.is(held, number)))
        throw new NoMeaning("a number that the type cannot hold exactly");
      return held;
    };

  const numeric: Meaning = (storage, value) => {
    if (storage === "r" && !Number.isFinite(value)) throw never(storage, column);
    if (storage === "t" && !isPlainText(text(value as Buffer))) throw never(storage, column);
    let number = numberOf(storage, value, text);
    const limits = limitsOf(modifier);
    if (limits === undefined) return formOf(number);
    if (rounds) number = rounded(number, Math.max(limits.places, 0));
    if (!isWithin(number, limits.places)) throw new NoMeaning("a number finer than its column");
    if (!isBelow(number, limits.power)) throw new NoMeaning("a number out of range");
    return formOf(number);
  };

  const boolean: Meaning = (storage, value) => {
    const word = storage === "t" ? text(value as Buffer).toLowerCase() : storage === "b" ? "" : String(value);
    if (["1", "t", "true"].includes(word)) return "true";
    if (["0", "f", "false"].includes(word)) return "false";
    throw never(storage, column);
  };

  const characters: Meaning = (storage, value) => {
    const isUnbounded = modifier < 4 && type !== "name";
    // It stays as it is.
    if (storage === "t" && isUnbounded && encoding === "UTF-8" && isUtf8(value as Buffer)) {
      if ((value as Buffer).includes(0)) throw new NoMeaning("text with a NUL character");
      return value;
    }
    const written = writtenOf(storage, value);
    const count = modifier >= 4 ? modifier - 4 : Infinity;
    if (type === "name" && Buffer.byteLength(written) > 63) throw new NoMeaning("a name too long");
    if (written.length > count && [...written].length > count) throw new NoMeaning("text too long");
    if (type === "bpchar" && count !== Infinity && written.endsWith(" "))
      throw new NoMeaning("text that ends in a space, which char(n) does not keep");
    return Buffer.from(written);
  };

  /** What a value reads as: text, or the digits of a number. */
  function writtenOf(storage: Storage, value: Exclude<Raw, null>): string {
    if (storage === "t") return text(value as Buffer);
    if (storage === "i") return String(value);
    if (storage === "b" || !Number.isFinite(value)) throw never(storage, column);
    const written = Object.is(value, -0) ? "-0" : String(value);
    return isInteger(written) || written === "-0" ? `${written}.0` : written;
  }

  const bytes: Meaning = (storage, value) => {
    if (storage === "b") return value;
    if (storage !== "t") throw never(storage, column);
    return encoding === "UTF-8" ? value : Buffer.from(text(value as Buffer));
  };

  /** Microseconds since 1970 by a cast that reads numbers; `undefined` for what it does not read. */
  function numberAsMoment(storage: Storage, value: Exclude<Raw, null>): bigint | undefined {
    if (cast === undefined || !["epoch-seconds", "epoch-milliseconds", "julian-days"].includes(cast))
      return undefined;
    let number = value as number | bigint;
    if (storage === "b") return undefined;
    if (storage === "t") {
      const written = text(value as Buffer);
      if (!/^-?\d{1,17}(\.\d+)?$/.test(written) || momentOf(written) !== undefined) return undefined;
      if (isCompactDate(written)) throw new NoMeaning("digits that may be a date");
      number = Number(written);
    }
    const micros =
      cast === "julian-days"
        ? microsOfJulianDay(Number(number))
        : microsOf(number, cast === "epoch-seconds" ? 1_000_000n : 1_000n);
    if (micros === undefined || !isWritable(micros)) throw new NoMeaning("a number beyond all dates");
    return micros;
  }

  const timestamp: Meaning = (storage, value) => {
    const number = numberAsMoment(storage, value);
    if (number !== undefined) {
      const kept = toPlaces(number, places);
      if (!isWritable(kept)) throw new NoMeaning("a number beyond all dates");
      return kept;
    }
    if (storage !== "t") throw never(storage, column);
    const said = momentOf(text(value as Buffer));
    if (said === undefined) throw new NoMeaning("not an ISO 8601 date and time");
    if (type === "timestamp" && said.zone !== undefined && said.zone !== 0n && cast !== "utc")
      throw new NoMeaning("a time with a zone in a column without one");
    const micros = toPlaces(said.micros, places);
    if (micros !== said.micros && !rounds) throw new NoMeaning("a time finer than its column");
    if (!isWritable(micros)) throw new NoMeaning("a time beyond all dates");
    return micros;
  };

  const date: Meaning = (storage, value) => {
    const number = numberAsMoment(storage, value);
    if (number !== undefined) return dayForm(number);
    if (storage !== "t") throw never(storage, column);
    const said = momentOf(text(value as Buffer));
    if (said === undefined) throw new NoMeaning("not an ISO 8601 date");
    const isDay = !said.hasTime && said.zone === undefined;
    if (!isDay && cast !== "day") throw new NoMeaning("a date with a time of day");
    // The day that is written, whatever the zone.
    return dayForm(momentOf(text(value as Buffer).slice(0, 10))!.micros);
  };

  const time: Meaning = (storage, value) => {
    if (storage !== "t") throw never(storage, column);
    const micros = timeOfDay(text(value as Buffer));
    if (micros === undefined) throw new NoMeaning("not a time of day");
    const kept = toPlaces(micros, places);
    if (kept !== micros && !rounds) throw new NoMeaning("a time finer than its column");
    if (kept >= 86_400_000_000n) throw new NoMeaning("a time that rounds to the next day");
    return kept;
  };

  const uuid: Meaning = (storage, value) => {
    if (storage === "t") {
      const written = text(value as Buffer);
      if (!/^[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}$/.test(written))
        throw new NoMeaning("text that is not a uuid");
      return written.replaceAll("-", "").toLowerCase();
    }
    const blob = value as Buffer;
    if (storage !== "b" || blob.length !== 16) throw never(storage, column);
    if (cast === "uuid-bytes") return blob.toString("hex");
    if (cast !== "dotnet-guid") throw new NoMeaning("a blob as uuid: the order of its bytes is not declared");
    const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    return Buffer.from(order.map((place) => blob[place]!)).toString("hex");
  };

  const interval: Meaning = (storage, value) => {
    if (storage === "t") {
      const written = text(value as Buffer).trim();
      const wholeNumber = /^[+-]?[0-9]+$/.test(written);
      if (wholeNumber) return interval("i", BigInt(written));
      if (written !== "" && Number.isFinite(Number(written))) return interval("r", Number(written));
      const said = cast === "since-epoch" ? momentOf(text(value as Buffer)) : undefined;
      if (said !== undefined && !said.dayOnly) return `0 0 ${said.micros}`;
      // PostgreSQL reads past signs that it does not know, and takes a number without a unit for seconds.
      if (/[^A-Za-z0-9:.+\s-]/.test(written)) throw new NoMeaning("text that is not an interval");
      const last = written
        .replace(/\s+ago$/i, "")
        .split(/\s+/)
        .at(-1)!;
      if (/^[+-]?[0-9.]+$/.test(last)) throw new NoMeaning("a number without a unit");
      return { ask: written };
    }
    const unit = { microseconds: 1n, seconds: 1_000_000n, milliseconds: 1000n }[cast as string];
    if (storage === "b" || (unit === undefined && cast !== "ticks")) throw never(storage, column);
    if (unit !== undefined) {
      const micros = microsOf(value as number | bigint, unit);
      if (micros === undefined) throw never(storage, column);
      if (BigInt.asIntN(64, micros) !== micros) throw new NoMeaning("a number beyond all intervals");
      if (storage === "r" && !Number.isSafeInteger(Math.floor(value as number)))
        throw new NoMeaning("a real too large to be exact");
      return `0 0 ${micros}`;
    }
    // A tick is a tenth of a microsecond.
    if (storage !== "i") throw never(storage, column);
    if ((value as bigint) % 10n !== 0n) throw new NoMeaning("ticks finer than a microsecond");
    return `0 0 ${(value as bigint) / 10n}`;
  };

  const byServer: Meaning = (storage, value) => {
    if (storage !== "t" && !readsNumbers.has(type) && !column.isEnum) throw never(storage, column);
    const written = writtenOf(storage, value);
    if (/^num(multi)?range$/.test(type) && hasLargePower(written))
      throw new NoMeaning("a number of thousands of digits");
    // PostgreSQL would add what is missing.
    if (type === "cidr" && !written.includes(":") && written.split("/")[0]!.split(".").length !== 4)
      throw new NoMeaning("a network without all its parts");
    return { ask: written };
  };

  const arrayByServer: Meaning = (storage, value) => {
    if (storage !== "t") throw never(storage, column);
    return { ask: literalFromSqlite(text(value as Buffer)) };
  };

  switch (column.isEnum ? "" : type) {
    case "int2":
      return integer(16);
    case "int4":
      return integer(32);
    case "int8":
      return integer(64);
    case "bool":
      return boolean;
    case "float4":
    case "float8":
      return float(type === "float4");
    case "numeric":
      return numeric;
    case "text":
    case "varchar":
    case "bpchar":
    case "name":
    case "citext":
      return orUtf8(characters);
    case "bytea":
      return bytes;
    case "timestamp":
    case "timestamptz":
      return timestamp;
    case "date":
      return date;
    case "time":
      return time;
    case "uuid":
      return uuid;
    case "interval":
      return interval;
    case "json":
      return orUtf8((storage, value) => jsonText(writtenOf(storage, value)));
    case "jsonb":
      return orUtf8((storage, value) => jsonForm(writtenOf(storage, value)));
    default: {
      const element = elementOf(column);
      if (element === undefined) return orUtf8(column.isArray ? arrayByServer : byServer);
      return orUtf8((storage, value) => {
        if (storage !== "t") throw never(storage, column);
        const read = meaningIn(element, "UTF-8", undefined);
        return arrayFromSqlite(element, read, text(value as Buffer));
      });
    }
  }

  /** A blob is text, if a rule says so: in UTF-8, whatever the encoding of the file. */
  function orUtf8(meaning: Meaning): Meaning {
    if (cast !== "utf8") return meaning;
    const inUtf8 = meaningIn(column, "UTF-8", undefined);
    return (storage, value) => (storage === "b" ? inUtf8("t", value) : meaning(storage, value));
  }
}

/** Types beside those above in which a number is no guess. */
const readsNumbers = new Set(["money", "oid"]);

const isCompactDate = (digits: string) =>
  /^(\d{8}|\d{12}|\d{14})$/.test(digits) &&
  momentOf(`${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6, 8)}`) !== undefined;

/** JSON that is kept as it is written. */
function jsonText(written: string): Buffer {
  try {
    JSON.parse(written);
  } catch {
    throw new NoMeaning("text that is not JSON");
  }
  return Buffer.from(written);
}

const day = 86_400_000_000n;
/** The day of a moment, counted from 1970. */
function dayForm(micros: bigint): number {
  const days = micros / day;
  return Number(days * day > micros ? days - 1n : days);
}

const decimalFormOf = (number: number) => {
  const decimal = decimalOf(String(number));
  return decimal && formOf(decimal);
};
