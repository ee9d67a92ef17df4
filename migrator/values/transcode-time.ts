import type { RecordValue } from "../sqlite/record-value";
import type { FieldTranscoder, Output } from "./transcode";
import { putInt32, putInt64 } from "./transcode-number";

const code = (character: string) => character.charCodeAt(0);
const [space, letterT, dash, dot, colon, zero] = [" ", "T", "-", ".", ":", "0"].map(code) as [
  ...[number, number, number, number, number, number],
];

const daysBefore = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
/** PostgreSQL counts from 2000; days since a day 1 of year 1 to there. */
const dayOf2000 = 730_119;
/** Days from 1970 to 2000. */
const daysTo2000 = 10_957;
const secondsOfDay = 86_400;

/** Days since 2000; `undefined` for a day that does not exist. */
function dayNumber(year: number, month: number, day: number): number | undefined {
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1)) return undefined;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = daysBefore[month]! - daysBefore[month - 1]! + (month === 2 && isLeap ? 1 : 0);
  if (day > days) return undefined;
  const before = year - 1;
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  const ofYear = daysBefore[month - 1]! + (month > 2 && isLeap ? 1 : 0) + day - 1;
  return 365 * before + leapDays + ofYear - dayOf2000;
}

/** Steps over two digits; their number, or NaN. */
function twoDigits(value: RecordValue): number {
  const tens = value.from[value.at++]! - zero;
  const ones = value.from[value.at++]! - zero;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN;
}

/** Steps over a byte that has to be there. */
const through = (value: RecordValue, byte: number): boolean => value.from[value.at++] === byte;

/** Reads `YYYY-MM-DD`. */
function dayOf(value: RecordValue): number | undefined {
  const year = twoDigits(value) * 100 + twoDigits(value);
  if (!through(value, dash)) return undefined;
  const month = twoDigits(value);
  if (!through(value, dash)) return undefined;
  return dayNumber(year, month, twoDigits(value));
}

/** Reads `HH:MM:SS` with a fraction of at most so many places, but for zeros: microseconds. */
function clockOf(value: RecordValue, places: number): number | undefined {
  const hours = twoDigits(value);
  if (!(hours <= 23) || !through(value, colon)) return undefined;
  const minutes = twoDigits(value);
  if (!(minutes <= 59) || !through(value, colon)) return undefined;
  const seconds = twoDigits(value);
  if (!(seconds <= 59)) return undefined;
  const whole = (hours * 3600 + minutes * 60 + seconds) * 1_000_000;
  const { from, stop } = value;
  if (value.at >= stop || from[value.at] !== dot) return whole;
  const first = ++value.at;
  let micros = 0;
  for (let unit = 100_000; value.at < stop; value.at++, unit /= 10) {
    const digit = from[value.at]! - zero;
    if (!(digit >= 0 && digit <= 9)) break;
    if (value.at - first < places) micros += digit * unit;
    else if (digit !== 0) return undefined;
  }
  return value.at === first ? undefined : whole + micros;
}

/** Microseconds since 2000. */
function putMoment(output: Output, day: number, micros: number): void {
  const whole = day * secondsOfDay * 1_000_000;
  const isExact = Number.isSafeInteger(whole) && Number.isSafeInteger(whole + micros);
  putInt64(output, isExact ? whole + micros : BigInt(day * secondsOfDay) * 1_000_000n + BigInt(micros));
}

/** Nothing is taken that goes on behind the value, into the next one. */
const ofText = (take: FieldTranscoder["take"]): FieldTranscoder["take"] => {
  return (value, output) => value.isText && take(value, output) && value.at === value.stop;
};

const form = /^(?:(\d{4})-(\d\d)-(\d\d))? ?(?:(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:\+00)?)?$/;

/** Reads what our own converters print. */
function printed(field: string): { day: number; micros: number } {
  const match = form.exec(field);
  if (match === null) throw new Error("a date or a time in another form than the converters print");
  const [year = 2000, month = 1, day = 1, hours = 0, minutes = 0, seconds = 0] = match
    .slice(1, 7)
    .map((digits) => (digits === undefined ? undefined : Number(digits)));
  return {
    day: dayNumber(year, month, day)!,
    micros: (hours * 3600 + minutes * 60 + seconds) * 1_000_000 + Number((match[7] ?? "").padEnd(6, "0")),
  };
}

/** `YYYY-MM-DD`. */
export const date: FieldTranscoder = {
  growth: 0,
  take: ofText((value, output) => {
    const day = dayOf(value);
    if (day === undefined) return false;
    putInt32(output, day);
    return true;
  }),
  write: (field, output) => putInt32(output, printed(field).day),
};

/** `HH:MM:SS[.ffffff]`. */
export const time = (places: number): FieldTranscoder => ({
  growth: 0,
  take: ofText((value, output) => {
    const micros = clockOf(value, places);
    if (micros === undefined) return false;
    putInt64(output, micros);
    return true;
  }),
  write: (field, output) => putInt64(output, printed(field).micros),
});

const utcZones = ["Z", "+00:00", " Z", " +00:00"].map((zone) => Buffer.from(zone));

/** Steps over a zone that says UTC; `false` when there is none. */
function skipUtc(value: RecordValue): boolean {
  const { from, at, stop } = value;
  if (at === stop) return false;
  const zone = utcZones.find((bytes) => from.subarray(at, stop).equals(bytes));
  value.at += zone?.length ?? 0;
  return true;
}

/** Date and time with a space or a T between them, in UTC, said or not. */
export const timestamp = (places: number, zoned: boolean): FieldTranscoder => ({
  growth: 0,
  take: ofText((value, output) => {
    const day = dayOf(value);
    const between = value.from[value.at++];
    if (day === undefined || (between !== space && between !== letterT)) return false;
    const micros = clockOf(value, places);
    if (micros === undefined) return false;
    if (!skipUtc(value) && zoned) output.assumedUtc++;
    putMoment(output, day, micros);
    return true;
  }),
  write(field, output) {
    const { day, micros } = printed(field);
    putMoment(output, day, micros);
  },
});

/** Seconds since 1970 of the first moment of year 1, and of the first behind year 9999. */
const written = { from: -62_135_596_800, to: 253_402_300_800 };

/**
 * Whole numbers since 1970 where a cast reads them, and else what is usual.
 * @param unit microseconds
 * @param used told of each that the cast has read
 */
export const epoch = (
  usual: FieldTranscoder,
  unit: number,
  places: number,
  used: () => void,
): FieldTranscoder => ({
  ...usual,
  take(value, output) {
    const number = value.integer();
    // A bigint is beyond all dates, and fewer places than milliseconds have are to be rounded to.
    if (typeof number !== "number" || (unit < 1_000_000 && places < 3)) return usual.take(value, output);
    const perSecond = 1_000_000 / unit;
    const seconds = Math.floor(number / perSecond);
    if (seconds < written.from || seconds >= written.to) return false;
    const day = Math.floor(seconds / secondsOfDay);
    const micros = (seconds - day * secondsOfDay) * 1_000_000 + (number - seconds * perSecond) * unit;
    putMoment(output, day - daysTo2000, micros);
    used();
    return true;
  },
});
