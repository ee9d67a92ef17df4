import type { TargetColumn } from "../server/target";
import type { Cast } from "../../services/rules";
import {
  emptyText,
  help,
  misplaced,
  Misfit,
  type Casting,
  type Convert,
  type Help,
  type Tally,
} from "./misfit";

const timestampForm =
  /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(?: ?(Z|[+-]\d\d(?::?\d\d)?))?)?$/;
const dateForm = /^(\d{4})-(\d\d)-(\d\d)(?:[ T]00:00(?::00(?:\.0+)?)?)?$/;
const timeForm = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?$/;
const numberForm = /^-?\d{1,17}(\.\d+)?$/;
const zeroForm = /^0000-00-00(?:[ T]00:00(?::00(?:\.0+)?)?)?$/;
const compactForm = /^(\d{4})(\d\d)(\d\d)(?:\d{4}|\d{6})?$/;
const secondsOfDay = 86_400;

type Text = (value: Buffer) => string;

/** A point in time: whole seconds since 1970, and microseconds, which may be a whole second's after rounding. */
interface Moment {
  readonly seconds: number;
  readonly micros: number;
}

/** Whether a text says a date and a time. */
export const isTimestamp = (written: string): boolean =>
  /^\d{4}-\d\d-\d\d[ T]/.test(written) && timestampForm.test(written);

/** Microseconds since 1970, in UTC where no zone is said; `undefined` for what does not exist. */
export function microsSinceEpoch(written: string, tally: Tally): bigint | undefined {
  const said = saidBy(written);
  if (said === undefined) return undefined;
  return BigInt(said.seconds) * 1_000_000n + BigInt(microseconds(said.fraction, tally));
}

/** What a timestamp's text says: seconds since 1970 in UTC, a fraction's digits, and milliseconds ahead of UTC if it has a zone. */
function saidBy(
  written: string,
): { seconds: number; fraction: string; offset: number | undefined } | undefined {
  const match = timestampForm.exec(written);
  if (match === null) return undefined;
  const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = "", zone] = match;
  const start = dayOf(Number(year), Number(month), Number(day));
  if (start === undefined || hour > "23" || minute > "59" || second > "59") return undefined;
  const offset = zone === undefined ? undefined : offsetOf(zone);
  if (zone !== undefined && offset === undefined) return undefined;
  const seconds = (start - (offset ?? 0)) / 1000 + Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  return { seconds, fraction, offset };
}

/** How a number is read, by the cast that says so. Finer than a microsecond is rounded. */
const epochs: Partial<Record<Cast, (number: number) => Moment>> = {
  "epoch-seconds": momentOf,
  "epoch-milliseconds": (number) => {
    const seconds = Math.floor(number / 1000);
    return { seconds, micros: Math.round((number - seconds * 1000) * 1000) };
  },
  // Whole milliseconds, as SQLite itself reads a Julian day: a real holds no more of it.
  "julian-days": (number) => momentOf(Math.floor(number * 86_400_000 + 0.5 - 210_866_760_000_000) / 1000),
};

/** `20240101` and `20240101120000`: seconds by a cast, a day to whoever reads it. */
function isCompactDate(written: string): boolean {
  const [, year, month, day] = compactForm.exec(written) ?? [];
  return year !== undefined && dayOf(Number(year), Number(month), Number(day)) !== undefined;
}

function momentOf(number: number): Moment {
  const seconds = Math.floor(number);
  return { seconds, micros: Math.round((number - seconds) * 1_000_000) };
}

/** A number's moment, if the column has a cast for numbers; text of a number is one then, too. */
function castNumber(
  storage: string,
  value: unknown,
  text: Text,
  cast: Casting | undefined,
): Moment | undefined {
  const read = cast === undefined ? undefined : epochs[cast.as];
  if (cast === undefined || read === undefined || storage === "b") return undefined;
  const written = storage === "t" ? text(value as Buffer) : String(value);
  if (storage === "t" && !numberForm.test(written)) return undefined;
  if (storage === "t" && isCompactDate(written))
    throw new Misfit("text of digits: ambiguous (a date or a number)");
  cast.used();
  return read(Number(written));
}

/** The text of a value, since dates are written as text; numbers stand for one of several epochs and need a rule. */
function written(column: TargetColumn, text: Text, storage: string, value: unknown): string {
  if (storage === "i" || storage === "r") {
    throw new Misfit(
      `number in a column of type ${column.described}: ambiguous unit (seconds, milliseconds or days)`,
      column.type === "time" ? undefined : epochOf(Number(value)),
    );
  }
  if (storage !== "t") throw misplaced("b", column.described);
  const read = text(value as Buffer);
  if (read === "") throw emptyText(column.described);
  if (zeroForm.test(read))
    throw new Misfit(`date of zeros in a column of type ${column.described}`, help.nullIf(read));
  return read;
}

/** The epoch that puts a number between 1973 and 2100, if one does: a guess to be looked at, never one to be followed. */
function epochOf(number: number): Help {
  if (number > 1e11) return help.cast("epoch-milliseconds");
  return help.cast(number > 2_441_000 && number < 2_489_000 ? "julian-days" : "epoch-seconds");
}

const unread = (column: TargetColumn) => new Misfit(`text that is not ISO 8601 for ${column.described}`);
const noSuchDay = (column: TargetColumn) =>
  new Misfit(`date or time that does not exist, in a column of type ${column.described}`);

/** Milliseconds since 1970 of a day's start, or `undefined` if there is no such day. Years 1 to 9999. */
function dayOf(year: number, month: number, day: number): number | undefined {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return year >= 1 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
    ? date.getTime()
    : undefined;
}

/** Microseconds of a fraction, rounded half up if it is finer and counted. */
function microseconds(digits: string, tally: Tally): number {
  const finer = /[1-9]/.test(digits.slice(6));
  if (finer) tally.roundedFractions++;
  return Number(digits.slice(0, 6).padEnd(6, "0")) + (finer && (digits[6] ?? "0") >= "5" ? 1 : 0);
}

/** @throws Misfit for a fraction that a timestamp(p) would cut, unless a cast rounds it. */
function fitted(micros: number, column: TargetColumn, cast: Casting | undefined): number {
  const unit = 10 ** (6 - (column.modifier >= 0 ? column.modifier : 6));
  if (micros % unit === 0) return micros;
  if (cast?.as !== "round")
    throw new Misfit(`fraction of a second finer than ${column.described} can hold`, help.cast("round"));
  cast.used();
  return Math.round(micros / unit) * unit;
}

const two = (number: number) => String(number).padStart(2, "0");

function printDate(date: Date): string {
  return `${String(date.getUTCFullYear()).padStart(4, "0")}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
}

/** `HH:MM:SS[.ffffff]` of a moment in milliseconds and the microseconds of its second. */
function printTime(date: Date, micros: number): string {
  const fraction = micros === 0 ? "" : `.${String(micros).padStart(6, "0").replace(/0+$/, "")}`;
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}${fraction}`;
}

/** Milliseconds of a zone's offset; `undefined` for one out of range. */
function offsetOf(zone: string): number | undefined {
  if (zone === "Z") return 0;
  const [hours = 0, minutes = 0] = zone.slice(1).replace(":", "").match(/\d\d/g)?.map(Number) ?? [];
  if (hours > 15 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** A moment as a timestamp of the column prints it. */
function printMoment({ seconds, micros }: Moment, column: TargetColumn, zoned: boolean): string {
  const moment = new Date((seconds + Math.floor(micros / 1_000_000)) * 1000);
  // NaN, for what is beyond all dates, is neither.
  if (!(moment.getUTCFullYear() >= 1 && moment.getUTCFullYear() <= 9999)) throw noSuchDay(column);
  return `${printDate(moment)} ${printTime(moment, micros % 1_000_000)}${zoned ? "+00" : ""}`;
}

/**
 * timestamp and timestamptz from ISO text with or without time, fraction and zone. SQLite's own functions write UTC without
 * a zone: that is how text without one is read into a timestamptz. A timestamp takes UTC only, since it drops the zone.
 */
export function timestamp(column: TargetColumn, zoned: boolean, text: Text, cast?: Casting): Convert {
  return (storage, value, tally) => {
    const number = castNumber(storage, value, text, cast);
    if (number !== undefined) {
      const unit = 10 ** (6 - (column.modifier >= 0 ? column.modifier : 6));
      return printMoment({ ...number, micros: Math.round(number.micros / unit) * unit }, column, zoned);
    }
    const read = written(column, text, storage, value);
    if (!timestampForm.test(read)) throw unread(column);
    const said = saidBy(read);
    if (said === undefined) throw noSuchDay(column);
    if (zoned && said.offset === undefined) tally.assumedUtc++;
    if (!zoned && (said.offset ?? 0) !== 0) {
      if (cast?.as !== "utc") {
        const kind = `text with a zone other than UTC in a column of type ${column.described}`;
        throw new Misfit(kind, help.cast("utc"));
      }
      cast.used();
    }
    const micros = fitted(microseconds(said.fraction, tally), column, cast);
    return printMoment({ seconds: said.seconds, micros }, column, zoned);
  };
}

/** date from `YYYY-MM-DD`; a time of midnight, which some frameworks write behind it, is no loss. */
export function date(column: TargetColumn, text: Text, cast?: Casting): Convert {
  return (storage, value) => {
    const number = castNumber(storage, value, text, cast);
    if (number !== undefined) return printMoment(number, column, false).slice(0, 10);
    const read = written(column, text, storage, value);
    const match = dateForm.exec(read);
    if (match === null && !timestampForm.test(read)) throw unread(column);
    const [year, month, day] = read.slice(0, 10).split("-").map(Number);
    const start = dayOf(year ?? 0, month ?? 0, day ?? 0);
    if (start === undefined) throw noSuchDay(column);
    if (match === null) {
      if (saidBy(read) === undefined) throw noSuchDay(column);
      if (cast?.as !== "day")
        throw new Misfit(`date with a time of day in a column of type ${column.described}`, help.cast("day"));
      cast.used();
    }
    return printDate(new Date(start));
  };
}

/** time from `HH:MM[:SS[.ffffff]]`. */
export function time(column: TargetColumn, text: Text, cast?: Casting): Convert {
  return (storage, value, tally) => {
    const match = timeForm.exec(written(column, text, storage, value));
    if (match === null) throw unread(column);
    const [, hour = "", minute = "", second = "00", fraction = ""] = match;
    if (hour > "23" || minute > "59" || second > "59") throw noSuchDay(column);
    const micros = fitted(microseconds(fraction, tally), column, cast);
    const seconds =
      Number(hour) * 3600 + Number(minute) * 60 + Number(second) + Math.floor(micros / 1_000_000);
    if (seconds >= secondsOfDay) throw new Misfit("time that rounds to the next day");
    return printTime(new Date(seconds * 1000), micros % 1_000_000);
  };
}
