import type { TargetColumn } from "../server/target";
import { emptyText, help, misplaced, Misfit, type Casting, type Convert } from "./misfit";

const integerText = /^(0|-?[1-9]\d{0,18})$/;
const decimalText = /^-?(0|[1-9]\d*)(\.\d+)?$/;
const floatText = /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]\d+)?$/;

type Text = (value: Buffer) => string;

/** The cast, if it is to round. */
const rounding = (cast: Casting | undefined) => (cast?.as === "round" ? cast : undefined);

/** A decimal number rounded to so many places, halves away from zero. */
function roundDecimal(written: string, places: number): string {
  const negative = written.startsWith("-");
  const [whole = "", fraction = ""] = written.replace("-", "").split(".");
  const up = (fraction[places] ?? "0") >= "5" ? 1n : 0n;
  const digits = String(BigInt(whole + fraction.slice(0, places).padEnd(places, "0")) + up).padStart(
    places + 1,
    "0",
  );
  const point = digits.length - places;
  return `${negative ? "-" : ""}${digits.slice(0, point)}${places > 0 ? `.${digits.slice(point)}` : ""}`;
}

/** smallint, integer, bigint: a real without a fraction and the plain decimal text of an integer are integers too. */
export function integer(column: TargetColumn, bits: 16 | 32 | 64, text: Text, cast?: Casting): Convert {
  const end = 2n ** BigInt(bits - 1);
  const round = rounding(cast);
  return (storage, value) => {
    let number: bigint;
    if (storage === "i") number = value as bigint;
    else if (storage === "r") number = integral(value as number, column, round);
    else if (storage === "t") {
      const written = text(value as Buffer);
      if (written === "") throw emptyText(column.described);
      if (integerText.test(written)) number = BigInt(written);
      else if (round !== undefined && decimalText.test(written)) {
        round.used();
        number = BigInt(roundDecimal(written, 0));
      } else
        throw misplaced(
          storage,
          column.described,
          decimalText.test(written) ? help.cast("round") : undefined,
        );
    } else throw misplaced(storage, column.described);
    if (number < -end || number >= end) throw new Misfit(`integer out of the range of ${column.described}`);
    return number.toString();
  };
}

function integral(value: number, column: TargetColumn, round: Casting | undefined): bigint {
  if (!Number.isFinite(value)) throw new Misfit(`infinity in a column of type ${column.described}`);
  if (Number.isSafeInteger(value)) return BigInt(value);
  if (round !== undefined) {
    round.used();
    return BigInt(Math.sign(value) * Math.round(Math.abs(value)));
  }
  const kind = Number.isInteger(value)
    ? `real too large to be an exact integer`
    : `real with a fraction in a column of type ${column.described}`;
  throw new Misfit(kind, help.cast("round"));
}

/** boolean from 0 and 1 in any storage, and from t, f, true, false. */
export function boolean(column: TargetColumn, text: Text): Convert {
  const words: Record<string, string> = { "0": "f", "1": "t", f: "f", t: "t", false: "f", true: "t" };
  return (storage, value) => {
    if (storage === "b") throw misplaced(storage, column.described);
    const word = storage === "t" ? text(value as Buffer).toLowerCase() : String(value);
    const printed = Object.hasOwn(words, word) ? words[word] : undefined;
    if (printed !== undefined) return printed;
    if (word === "") throw emptyText(column.described);
    if (storage === "t") throw misplaced(storage, column.described);
    throw new Misfit(`number other than 0 and 1 in a column of type ${column.described}`);
  };
}

/** How a float is written on both sides of a comparison: JavaScript's shortest form, with the sign of zero. */
export function printFloat(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** Whether two texts are the same number: `1.0` and `1`, `1e3` and `1000`. */
function sameDecimal(one: string, other: string): boolean {
  const parts = (written: string) => {
    const [, sign, whole = "", fraction = "", power = "0"] =
      /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(written) ?? [];
    const digits = (whole + fraction).replace(/^0+/, "");
    const kept = digits.replace(/0+$/, "");
    return `${sign} ${kept} ${kept === "" ? 0 : Number(power) - fraction.length + digits.length - kept.length}`;
  };
  return parts(one) === parts(other);
}

/** real and double precision; a number that the type cannot hold exactly is refused. */
export function float(column: TargetColumn, bits: 32 | 64, text: Text, cast?: Casting): Convert {
  const round = rounding(cast);
  return (storage, value) => {
    let counted = false;
    const number = toNumber();
    if (bits === 64 || Object.is(Math.fround(number), number)) return printFloat(number);
    if (!Number.isFinite(Math.fround(number)))
      throw new Misfit(`number out of the range of ${column.described}`);
    return printFloat(Math.fround(rounded(number, "number")));

    function rounded(nearest: number, what: string): number {
      if (round === undefined)
        throw new Misfit(`${what} that ${column.described} cannot hold exactly`, help.cast("round"));
      if (!counted) round.used();
      counted = true;
      return nearest;
    }

    function toNumber(): number {
      if (storage === "r") return value as number;
      if (storage === "i") {
        const number = Number(value);
        return BigInt(number) === value ? number : rounded(number, "integer");
      }
      if (storage !== "t") throw misplaced(storage, column.described);
      const written = text(value as Buffer);
      if (written === "") throw emptyText(column.described);
      const number = Number(written);
      if (!floatText.test(written) || !Number.isFinite(number)) throw misplaced(storage, column.described);
      return sameDecimal(printFloat(number), written) ? number : rounded(number, "text of a number");
    }
  };
}

/** How the server prints a float that it gave us, in the form of `printFloat`. */
export function reprintFloat(bits: 32 | 64): (field: string) => string {
  return (field) =>
    field === "\\N" ? field : printFloat(bits === 32 ? Math.fround(Number(field)) : Number(field));
}

/** The decimal digits of a finite real, without an exponent. */
function plainDecimal(value: number): string {
  const printed = String(value);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(printed);
  if (match === null) return printed;
  const [, sign = "", first = "", rest = "", exponent = "0"] = match;
  const digits = first + rest;
  const point = 1 + Number(exponent);
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits.padEnd(point, "0");
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Of a numeric without a length, before and behind its point: https://www.postgresql.org/docs/current/datatype-numeric.html. */
const mostDigits = { before: 131_072, behind: 16_383 };

/** numeric: all digits or none; a scale is filled up with zeros, as the server prints it. */
export function numeric(column: TargetColumn, text: Text, cast?: Casting): Convert {
  const round = rounding(cast);
  const bounded = column.modifier >= 4;
  const precision = bounded ? ((column.modifier - 4) >> 16) & 0xffff : 0;
  // The scale is a signed number of 11 bits.
  const scale = bounded ? (((column.modifier - 4) & 0x7ff) ^ 1024) - 1024 : 0;
  return (storage, value) => {
    if (storage === "b") throw misplaced(storage, column.described);
    if (storage === "r" && !Number.isFinite(value))
      throw new Misfit(`infinity in a column of type ${column.described}`);
    const written =
      storage === "t"
        ? text(value as Buffer)
        : storage === "r"
          ? plainDecimal(value as number)
          : String(value);
    if (written === "") throw emptyText(column.described);
    if (!decimalText.test(written)) throw misplaced(storage, column.described);
    let [whole = "", fraction = ""] = written.replace("-", "").split(".");
    if (!bounded) {
      if (whole.length > mostDigits.before || fraction.length > mostDigits.behind)
        throw new Misfit(`number with more digits than ${column.described} can hold`);
      return withoutNegativeZero(written);
    }
    if (scale >= 0 && /[1-9]/.test(fraction.slice(scale))) {
      if (round === undefined)
        throw new Misfit(`fraction finer than ${column.described} can hold`, help.cast("round"));
      round.used();
      [whole = "", fraction = ""] = roundDecimal(written.replace("-", ""), scale).split(".");
    }
    const kept = fraction.slice(0, Math.max(0, scale));
    if (/[1-9]/.test(fraction.slice(kept.length)))
      throw new Misfit(`fraction finer than ${column.described} can hold`);
    const trailing = Math.max(0, -scale);
    if (trailing > 0 && !new RegExp(`0{${trailing}}$|^0$`).test(whole)) {
      throw new Misfit(`number finer than ${column.described} can hold`);
    }
    const leading = (whole === "0" ? "" : whole).length;
    const significant = leading > 0 ? leading : -(/[1-9]/.exec(kept)?.index ?? kept.length);
    if (significant > precision - scale) throw new Misfit(`number out of the range of ${column.described}`);
    const digits = scale > 0 ? `${whole}.${kept.padEnd(scale, "0")}` : whole;
    return withoutNegativeZero(written.startsWith("-") ? `-${digits}` : digits);
  };
}

function withoutNegativeZero(decimal: string): string {
  return /^-[0.]*$/.test(decimal) ? decimal.slice(1) : decimal;
}
