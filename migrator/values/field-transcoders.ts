import type { RecordValue } from "../sqlite/record-value";
import { printFloat } from "./convert-number";
import type { FieldTranscoder, Output } from "./transcode";

/*
 * The usual kinds of values, each with what it takes: the same text that the converter of the type would make, or nothing.
 */

const code = (character: string) => character.charCodeAt(0);
const [backslash, space] = [code("\\"), code(" ")];
const [dash, dot, colon] = [code("-"), code("."), code(":")];
const [zero, nine] = [code("0"), code("9")];
const isDigit = (byte: number) => byte >= zero && byte <= nine;

/** Writes ASCII. */
function write(output: Output, text: string): void {
  for (let place = 0; place < text.length; place++) output.to[output.end++] = text.charCodeAt(place);
}

/** Writes the digits of an integer with its sign. */
function writeInteger(output: Output, value: number | bigint): void {
  if (typeof value === "bigint" || value > 0x7fffffff || value < -0x7fffffff) {
    write(output, String(value));
    return;
  }
  const { to } = output;
  let rest = value;
  if (rest < 0) {
    to[output.end++] = dash;
    rest = -rest;
  }
  let digits = 1;
  for (let power = 10; power <= rest; power *= 10) digits++;
  for (let at = output.end + digits - 1; at >= output.end; at--) {
    const tenth = (rest / 10) | 0;
    to[at] = zero + rest - tenth * 10;
    rest = tenth;
  }
  output.end += digits;
}

/** An integer that so many bits hold; 64 hold all of SQLite's. */
export function integer(bits: 16 | 32 | 64): FieldTranscoder {
  const limit = 2 ** (bits - 1);
  return {
    growth: 0,
    take(value, output) {
      const number = value.integer();
      if (number === undefined || (bits < 64 && (number < -limit || number >= limit))) return false;
      writeInteger(output, number);
      return true;
    },
  };
}

/** 0 and 1. */
export const boolean: FieldTranscoder = {
  growth: 0,
  take(value, output) {
    const number = value.integer();
    output.to[output.end++] = code(number === 1 ? "t" : "f");
    return number === 0 || number === 1;
  },
};

/** An integer of at most so many digits, and zeros behind its point. */
export function decimal(digits: number, scale: number): FieldTranscoder {
  const limit = 10 ** Math.min(digits, 15);
  const zeros = scale === 0 ? "" : `.${"0".repeat(scale)}`;
  return {
    growth: zeros.length,
    take(value, output) {
      const number = value.integer();
      if (number === undefined || number <= -limit || number >= limit) return false;
      writeInteger(output, number);
      write(output, zeros);
      return true;
    },
  };
}

/** A real as JavaScript writes it: the shortest text that reads as the same one. */
export function float(bits: 32 | 64): FieldTranscoder {
  return {
    growth: 0,
    take(value, output) {
      const number = value.real();
      if (number === undefined || (bits === 32 && !Object.is(Math.fround(number), number))) return false;
      write(output, printFloat(number));
      return true;
    },
  };
}

/** The letter by which COPY writes a character that would end a field or a line; 0 for one that stands for itself. */
const escapes = new Uint8Array(256);
for (const [character, letter] of ["\bb", "\tt", "\nn", "\vv", "\ff", "\rr", "\\\\"])
  escapes[code(character!)] = code(letter!);
// Text cannot hold it.
const never = 1;
escapes[0] = never;

/** Copies a text, escaped as COPY has it; `false` for what is none, or holds a NUL. */
function writeText({ from, at, stop, isText }: RecordValue, output: Output): boolean {
  if (!isText) return false;
  const { to } = output;
  let { end } = output;
  for (; at < stop; at++) {
    const byte = from[at]!;
    const escape = escapes[byte]!;
    if (escape !== 0) {
      if (escape === never) return false;
      to[end++] = backslash;
      to[end++] = escape;
    } else to[end++] = byte;
  }
  output.end = end;
  return true;
}

/** Number of characters of an escaped field. */
function charactersOf(field: Buffer): number {
  let count = 0;
  for (let at = 0; at < field.length; at++) {
    if (field[at] === backslash) at++;
    if ((field[at]! & 0xc0) !== 0x80) count++;
  }
  return count;
}

/** Text of at most so many bytes and characters. */
export function text({ bytes = Infinity, characters = Infinity } = {}): FieldTranscoder {
  const few = Math.min(bytes, characters);
  return {
    growth: 0,
    take(value, output) {
      const start = output.end;
      if (!writeText(value, output)) return false;
      if (output.end - start <= few) return true;
      return bytes === Infinity && charactersOf(output.to.subarray(start, output.end)) <= characters;
    },
  };
}

/** Text that is filled up with spaces, and does not end in one. */
export function padded(characters: number): FieldTranscoder {
  return {
    growth: characters,
    take(value, output) {
      const start = output.end;
      if (!writeText(value, output) || (output.end > start && output.to[output.end - 1] === space))
        return false;
      const count = charactersOf(output.to.subarray(start, output.end));
      for (let place = count; place < characters; place++) output.to[output.end++] = space;
      return count <= characters;
    },
  };
}

const hexDigits = Buffer.from("0123456789abcdef");

/** The hexadecimal digits of bytes, or of a text's. */
export const hexadecimal: FieldTranscoder = {
  growth: 3,
  take({ from, at, stop, isBytes }, output) {
    if (!isBytes) return false;
    write(output, "\\\\x");
    const { to } = output;
    let { end } = output;
    for (; at < stop; at++) {
      const byte = from[at]!;
      to[end++] = hexDigits[byte >> 4]!;
      to[end++] = hexDigits[byte & 15]!;
    }
    output.end = end;
    return true;
  },
};

/** Copies two digits; their number, or NaN. */
function twoDigits(value: RecordValue, output: Output): number {
  const tens = value.from[value.at++]!;
  const ones = value.from[value.at++]!;
  output.to[output.end++] = tens;
  output.to[output.end++] = ones;
  return isDigit(tens) && isDigit(ones) ? (tens - zero) * 10 + ones - zero : NaN;
}

/** Copies a byte that has to be there. */
function through(value: RecordValue, output: Output, byte: number): boolean {
  output.to[output.end++] = byte;
  return value.from[value.at++] === byte;
}

/** Copies `YYYY-MM-DD`, if there is such a day. */
function dayOf(value: RecordValue, output: Output): boolean {
  const year = twoDigits(value, output) * 100 + twoDigits(value, output);
  if (!(year >= 1) || !through(value, output, dash)) return false;
  const month = twoDigits(value, output);
  if (!(month >= 1 && month <= 12) || !through(value, output, dash)) return false;
  const day = twoDigits(value, output);
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days =
    month === 2 ? (leap ? 29 : 28) : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return day >= 1 && day <= days;
}

/** Copies `HH:MM:SS` with a fraction of at most so many places, without the zeros at its end. */
function clockOf(value: RecordValue, output: Output, places: number): boolean {
  if (!(twoDigits(value, output) <= 23) || !through(value, output, colon)) return false;
  if (!(twoDigits(value, output) <= 59) || !through(value, output, colon)) return false;
  if (!(twoDigits(value, output) <= 59)) return false;
  const { from, stop } = value;
  if (value.at === stop || from[value.at] !== dot) return true;
  const point = value.at;
  let last = point;
  let at = point + 1;
  for (; at < stop && isDigit(from[at]!); at++) if (from[at] !== zero) last = at;
  if (at === point + 1 || last - point > places) return false;
  if (last > point) for (let place = point; place <= last; place++) output.to[output.end++] = from[place]!;
  value.at = at;
  return true;
}

/** What is copied before the end of a value is known; the room is there for any value. */
const moment = (take: FieldTranscoder["take"], more = 0): FieldTranscoder => ({
  growth: 32 + more,
  // Nothing is taken that goes on behind the value, into the next one.
  take: (value, output) => value.isText && take(value, output) && value.at === value.stop,
});

/** `YYYY-MM-DD`. */
export const date = moment(dayOf);

/** `HH:MM:SS[.ffffff]`. */
export const time = (places: number) => moment((value, output) => clockOf(value, output, places));

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
export function timestamp(places: number, zoned: boolean): FieldTranscoder {
  return moment((value, output) => {
    if (!dayOf(value, output)) return false;
    const between = value.from[value.at++];
    output.to[output.end++] = space;
    if ((between !== space && between !== code("T")) || !clockOf(value, output, places)) return false;
    if (!skipUtc(value) && zoned) output.assumedUtc++;
    if (zoned) write(output, "+00");
    return true;
  });
}

/** Hexadecimal digits with hyphens, 8-4-4-4-12. */
export const uuid = moment((value, output) => {
  const { from, at, stop } = value;
  if (stop - at !== 36) return false;
  for (let place = 0; place < 36; place++) {
    const byte = from[at + place]!;
    const hyphen = place === 8 || place === 13 || place === 18 || place === 23;
    const letter = byte | 0x20;
    if (hyphen ? byte !== dash : !isDigit(byte) && !(letter >= code("a") && letter <= code("f")))
      return false;
    output.to[output.end++] = hyphen ? byte : letter;
  }
  value.at = stop;
  return true;
}, 8);
