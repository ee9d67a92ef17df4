/** Dates and times as whole microseconds, read from text and from numbers. */

const days = (year: number, month: number) => new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();

/** Days that were read: rows that follow each other are often of the same ones. */
const known = new Map<string, bigint | undefined>();
const mostKnown = 4096;

/** Microseconds since 1970 of a day's start; `undefined` if there is no such day in the years 1 to 9999. */
function dayOf(text: string): bigint | undefined {
  if (known.has(text)) return known.get(text);
  if (known.size >= mostKnown) known.clear();
  const day = readDay(text);
  known.set(text, day);
  return day;
}

function readDay(text: string): bigint | undefined {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (match === null) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > days(year, month)) return undefined;
  // 400 years are a whole number of weeks and leap years: 146,097 days.
  const within = Date.UTC(2000 + (year % 400), month - 1, day) - Date.UTC(2000, 0, 1);
  const cycles = BigInt(Math.floor(year / 400) - 5);
  return (BigInt(within) + cycles * 146_097n * 86_400_000n) * 1000n + 946_684_800_000_000n;
}

/** NaN for what is none. */
function twoDigits(text: string, at: number): number {
  const [tens, ones] = [text.charCodeAt(at) - 48, text.charCodeAt(at + 1) - 48];
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? 10 * tens + ones : NaN;
}

/** Microseconds since midnight of `HH:MM[:SS[.fraction]]`, and what is finer, as a fraction of one. */
function clockOf(text: string): { micros: bigint; finer: string } | undefined {
  const [hours, minutes] = [twoDigits(text, 0), twoDigits(text, 3)];
  const seconds = text.length === 5 ? 0 : twoDigits(text, 6);
  const isClock =
    text.length === 5 ||
    (text[5] === ":" && (text.length === 8 || (text[8] === "." && /^\d+$/.test(text.slice(9)))));
  if (!isClock || text[2] !== ":" || !(hours <= 23 && minutes <= 59 && seconds <= 59)) return undefined;
  const fraction = text.slice(9);
  const micros =
    (hours * 3600 + minutes * 60 + seconds) * 1_000_000 + Number(fraction.slice(0, 6).padEnd(6, "0"));
  return { micros: BigInt(micros), finer: fraction.slice(6) };
}

/** Microseconds that a zone is ahead of UTC. */
function zoneOf(text: string): bigint | undefined {
  if (text === "Z") return 0n;
  const match = /^([+-])(\d\d)(?::?(\d\d))?$/.exec(text);
  if (match === null || Number(match[2]) > 15 || Number(match[3] ?? 0) > 59) return undefined;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0);
  return BigInt(match[1] === "-" ? -minutes : minutes) * 60_000_000n;
}

/** What a text says of a moment. */
export interface Said {
  /** Since 1970, or since midnight for a time of day; halves of one rounded up. */
  readonly micros: bigint;
  /** Microseconds ahead of UTC, if it says so. */
  readonly zone: bigint | undefined;
  /** Whether it says more than the day: a time other than midnight. */
  readonly hasTime: boolean;
  /** Whether it names a zone or a time at all. */
  readonly dayOnly: boolean;
}

const roundUp = ({ micros, finer }: { micros: bigint; finer: string }) =>
  finer !== "" && finer[0]! >= "5" ? micros + 1n : micros;

/** `HH:MM[:SS[.fraction]]`. */
export function timeOfDay(text: string): bigint | undefined {
  const clock = clockOf(text);
  return clock && roundUp(clock);
}

/** ISO 8601 with a space or a T: a day, or a day with a time, and with a zone or without. */
export function momentOf(text: string): Said | undefined {
  const day = dayOf(text.slice(0, 10));
  if (day === undefined) return undefined;
  if (text.length === 10) return { micros: day, zone: undefined, hasTime: false, dayOnly: true };
  if (!" T".includes(text[10]!)) return undefined;
  const rest = text.slice(11);
  const start = rest.search(/ ?(Z|[+-])/);
  const clock = clockOf(start < 0 ? rest : rest.slice(0, start));
  if (clock === undefined) return undefined;
  const named = start < 0 ? undefined : rest.slice(start).replace(/^ /, "");
  const zone = named === undefined ? undefined : zoneOf(named);
  if (named !== undefined && zone === undefined) return undefined;
  const hasTime = clock.micros !== 0n || /[1-9]/.test(clock.finer);
  return { micros: day + roundUp(clock) - (zone ?? 0n), zone, hasTime, dayOnly: false };
}

/** A number of units as microseconds, halves rounded up: exactly what a double holds, without its arithmetic. */
export function microsOf(number: bigint | number, microsInUnit: bigint): bigint | undefined {
  if (typeof number === "bigint") return number * microsInUnit;
  if (!Number.isFinite(number)) return undefined;
  // Every double is a whole number of 2 ** -1074; a number of time is a whole one of far less.
  let [whole, halvings] = [number, 0n];
  while (!Number.isInteger(whole)) [whole, halvings] = [whole * 2, halvings + 1n];
  const scale = 1n << halvings;
  const twice = BigInt(whole) * microsInUnit * 2n + scale;
  const quotient = twice / (2n * scale);
  return quotient * 2n * scale > twice ? quotient - 1n : quotient;
}

/** A Julian day, by the millisecond, as SQLite's own functions read one. */
export function microsOfJulianDay(number: number): bigint | undefined {
  const milliseconds = Math.floor(number * 86_400_000 + 0.5);
  return Number.isSafeInteger(milliseconds)
    ? (BigInt(milliseconds) - 210_866_760_000_000n) * 1000n
    : undefined;
}

/** Rounds to so many places of a second, halves up. */
export function toPlaces(micros: bigint, places: number): bigint {
  if (places === 6) return micros;
  const unit = 10n ** BigInt(6 - places);
  const twice = 2n * micros + unit;
  const quotient = twice / (2n * unit);
  return (quotient * 2n * unit > twice ? quotient - 1n : quotient) * unit;
}

/** The years 1 to 9999, which is what the text forms can say. */
export const isWritable = (micros: bigint) =>
  micros >= -62_135_596_800_000_000n && micros < 253_402_300_800_000_000n;
