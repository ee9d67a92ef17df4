import type { TargetColumn } from "./target";
import { misplaced, Misfit, type Convert, type Tally } from "./misfit";

const timestampForm =
  /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(?: ?(Z|[+-]\d\d(?::?\d\d)?))?)?$/;
const dateForm = /^(\d{4})-(\d\d)-(\d\d)(?:[ T]00:00(?::00(?:\.0+)?)?)?$/;
const timeForm = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?$/;
const millisecondsOfDay = 86_400_000;

type Text = (value: Buffer) => string;

/** The text of a value, since dates are written as text; numbers stand for one of several epochs and need a rule. */
function written(column: TargetColumn, text: Text, storage: string, value: unknown): string {
  if (storage === "i" || storage === "r") {
    throw new Misfit(
      `number in a column of type ${column.described}: seconds, milliseconds or days, nobody can tell`,
    );
  }
  if (storage !== "t") throw misplaced("b", column.described);
  const read = text(value as Buffer);
  if (read === "") throw new Misfit(`empty text in a column of type ${column.described}`);
  return read;
}

const unread = (column: TargetColumn) => new Misfit(`text that is no ${column.described} in ISO form`);
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

/**
 * Microseconds of a fraction, rounded half up if it is finer and counted.
 * @throws Misfit for a fraction that a timestamp(p) would cut.
 */
function microseconds(digits: string, column: TargetColumn, tally: Tally): number {
  const finer = /[1-9]/.test(digits.slice(6));
  const places = column.modifier >= 0 ? column.modifier : 6;
  const kept = Number(digits.slice(0, 6).padEnd(6, "0")) + (finer && (digits[6] ?? "0") >= "5" ? 1 : 0);
  if (kept % 10 ** (6 - places) !== 0)
    throw new Misfit(`fraction of a second finer than ${column.described} holds`);
  if (finer) tally.roundedFractions++;
  return kept;
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

/**
 * timestamp and timestamptz from ISO text with or without time, fraction and zone. SQLite's own functions write UTC without
 * a zone: that is how text without one is read into a timestamptz. A timestamp takes UTC only, since it drops the zone.
 */
export function timestamp(column: TargetColumn, zoned: boolean, text: Text): Convert {
  return (storage, value, tally) => {
    const match = timestampForm.exec(written(column, text, storage, value));
    if (match === null) throw unread(column);
    const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = "", zone] = match;
    const start = dayOf(Number(year), Number(month), Number(day));
    if (start === undefined || hour > "23" || minute > "59" || second > "59") throw noSuchDay(column);
    const offset = zone === undefined ? 0 : offsetOf(zone);
    if (offset === undefined) throw unread(column);
    if (!zoned && offset !== 0)
      throw new Misfit(`text with a zone other than UTC in a column of type ${column.described}`);
    const micros = microseconds(fraction, column, tally);
    const seconds =
      Number(hour) * 3600 + Number(minute) * 60 + Number(second) + Math.floor(micros / 1_000_000);
    const moment = new Date(start + seconds * 1000 - offset);
    if (moment.getUTCFullYear() < 1 || moment.getUTCFullYear() > 9999) throw noSuchDay(column);
    return `${printDate(moment)} ${printTime(moment, micros % 1_000_000)}${zoned ? "+00" : ""}`;
  };
}

/** date from `YYYY-MM-DD`; a time of midnight, which some frameworks write behind it, is no loss. */
export function date(column: TargetColumn, text: Text): Convert {
  return (storage, value) => {
    const read = written(column, text, storage, value);
    const match = dateForm.exec(read);
    if (match === null) {
      if (timestampForm.test(read))
        throw new Misfit(`date with a time of day in a column of type ${column.described}`);
      throw unread(column);
    }
    const day = dayOf(Number(match[1]), Number(match[2]), Number(match[3]));
    if (day === undefined) throw noSuchDay(column);
    return printDate(new Date(day));
  };
}

/** time from `HH:MM[:SS[.ffffff]]`. */
export function time(column: TargetColumn, text: Text): Convert {
  return (storage, value, tally) => {
    const match = timeForm.exec(written(column, text, storage, value));
    if (match === null) throw unread(column);
    const [, hour = "", minute = "", second = "00", fraction = ""] = match;
    if (hour > "23" || minute > "59" || second > "59") throw noSuchDay(column);
    const micros = microseconds(fraction, column, tally);
    const seconds =
      Number(hour) * 3600 + Number(minute) * 60 + Number(second) + Math.floor(micros / 1_000_000);
    if (seconds * 1000 >= millisecondsOfDay) throw new Misfit("time that rounds to the next day");
    return printTime(new Date(seconds * 1000), micros % 1_000_000);
  };
}
