import type { Cast } from "../../services/rules";
import type { TargetColumn } from "../server/target";
import { unchangedText } from "./convert-text";
import { isTimestamp, microsSinceEpoch } from "./convert-time";
import { help, Misfit, type Casting, type Convert } from "./misfit";

/** Text that is a number. */
const digits = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** What an interval is written with. PostgreSQL skips other signs without a word: it reads `[5]` as five seconds. */
const signs = /^[\sA-Za-z\d:.+-]*$/;

/** A number at the end that nothing says the unit of: PostgreSQL would take it for seconds. */
const unitless = /(^|\s)[+-]?(\d+\.?\d*|\.\d+)(\s+ago)?\s*$/i;

/** Microseconds in what a number counts. */
const units: Partial<Record<Cast, number>> = {
  microseconds: 1,
  milliseconds: 1e3,
  seconds: 1e6,
  ticks: 0.1,
};

/**
 * interval: text that the server reads; a number, or text of a date and time, only by a cast. Django keeps microseconds in
 * SQLite, .NET ticks, SQLAlchemy the date and time that is so long after 1970-01-01 00:00:00.
 */
export function interval(column: TargetColumn, text: (value: Buffer) => string, cast?: Casting): Convert {
  const plain = unchangedText(column, text);
  const ofNumber = (value: bigint | number): string => {
    const unit = cast && units[cast.as];
    if (cast === undefined || unit === undefined) {
      const kind = `number in a column of type ${column.described}: ambiguous unit (microseconds, milliseconds, seconds or ticks)`;
      throw new Misfit(kind, help.cast(Math.abs(Number(value)) < 1e6 ? "seconds" : "microseconds"));
    }
    const micros = typeof value === "bigint" ? ofInteger(value, unit) : ofReal(value, unit);
    if (BigInt.asIntN(64, micros) !== micros)
      throw new Misfit(`number out of the range of ${column.described}`);
    cast.used();
    return print(micros);
  };
  return (storage, value, tally) => {
    if (storage === "t") {
      const written = text(value as Buffer);
      const number = written.trim();
      // PostgreSQL would take it for seconds.
      if (digits.test(number)) return ofNumber(/^[+-]?\d+$/.test(number) ? BigInt(number) : Number(number));
      if (!isTimestamp(written)) {
        if (!signs.test(written)) throw new Misfit(`text that is not a valid ${column.described}`);
        if (unitless.test(written))
          throw new Misfit(`number without a unit in a column of type ${column.described}`);
        return plain(storage, value, tally);
      }
      if (cast?.as !== "since-epoch")
        throw new Misfit(`date and time in a column of type ${column.described}`, help.cast("since-epoch"));
      const micros = microsSinceEpoch(written, tally);
      if (micros === undefined) throw new Misfit("date or time that does not exist");
      cast.used();
      return print(micros);
    }
    if (storage === "b") return plain(storage, value, tally);
    return ofNumber(value as bigint | number);
  };
}

function ofInteger(value: bigint, unit: number): bigint {
  if (unit >= 1) return value * BigInt(unit);
  if (value % 10n !== 0n) throw new Misfit("ticks finer than the microseconds of an interval");
  return value / 10n;
}

function ofReal(value: number, unit: number): bigint {
  const whole = Math.floor(value);
  if (unit < 1 || !Number.isSafeInteger(whole)) throw new Misfit("real that is not a length of time");
  return BigInt(whole) * BigInt(unit) + BigInt(Math.round((value - whole) * unit));
}

/** `[-]HH:MM:SS[.ffffff]`, as the server prints it. */
function print(micros: bigint): string {
  const [sign, size] = micros < 0n ? ["-", -micros] : ["", micros];
  const two = (number: bigint) => String(number).padStart(2, "0");
  const seconds = size / 1_000_000n;
  const fraction = String(size % 1_000_000n)
    .padStart(6, "0")
    .replace(/0+$/, "");
  const clock = `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`;
  return `${sign}${clock}${fraction === "" ? "" : `.${fraction}`}`;
}
