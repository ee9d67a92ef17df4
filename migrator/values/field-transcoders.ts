import type { Cursor, FieldTranscoder } from "./transcode";

/*
 * The usual kinds of values, each with what it takes: the same text that the converter of the type would make, or nothing.
 * A buffer ends with the bracket of its last row, so that no value runs beyond it.
 */

const code = (character: string) => character.charCodeAt(0);
const [quote, backslash, space] = [code('"'), code("\\"), code(" ")];
const [dash, dot, colon] = [code("-"), code("."), code(":")];
const [zero, one, nine] = [code("0"), code("1"), code("9")];
const isDigit = (byte: number) => byte >= zero && byte <= nine;

/** Copies the digits of an integer with its sign; its value, roughly if it is long, or NaN if there is no digit. */
function integerOf(cursor: Cursor): number {
  const { from, to } = cursor;
  let { at, end } = cursor;
  const negative = from[at] === dash;
  if (negative) to[end++] = from[at++]!;
  const start = at;
  let value = 0;
  for (let byte = from[at]!; isDigit(byte); byte = from[++at]!) {
    value = value * 10 + byte - zero;
    to[end++] = byte;
  }
  cursor.at = at;
  cursor.end = end;
  return at === start ? NaN : negative ? -value : value;
}

/** An integer that so many bits hold; 64 hold all of SQLite's. */
export function integer(bits: 16 | 32 | 64): FieldTranscoder {
  const limit = 2 ** (bits - 1);
  return {
    growth: 0,
    take(cursor) {
      const value = integerOf(cursor);
      return bits === 64 ? !Number.isNaN(value) : value >= -limit && value < limit;
    },
  };
}

/** 0 and 1. */
export const boolean: FieldTranscoder = {
  growth: 0,
  take(cursor) {
    const byte = cursor.from[cursor.at++];
    cursor.to[cursor.end++] = code(byte === one ? "t" : "f");
    return byte === zero || byte === one;
  },
};

/** An integer of at most so many digits, and zeros behind its point. */
export function decimal(digits: number, scale: number): FieldTranscoder {
  const limit = 10 ** Math.min(digits, 15);
  const zeros = Buffer.from(scale === 0 ? "" : `.${"0".repeat(scale)}`);
  return {
    growth: zeros.length,
    take(cursor) {
      const value = integerOf(cursor);
      for (const byte of zeros) cursor.to[cursor.end++] = byte;
      return value > -limit && value < limit;
    },
  };
}

/** Copies a text between its quotes, escaped as COPY has it; `false` for what is none, or holds a NUL. */
function textOf(cursor: Cursor): boolean {
  const { from, to } = cursor;
  let { at, end } = cursor;
  if (from[at++] !== quote) return false;
  for (let byte = from[at++]!; byte !== quote; byte = from[at++]!) {
    if (byte !== backslash) {
      to[end++] = byte;
      continue;
    }
    const letter = from[at++]!;
    if (letter === quote) to[end++] = quote;
    else if (letter === code("u")) {
      const control = parseInt(from.toString("latin1", at, at + 4), 16);
      if (!(control > 0 && control < 0x20)) return false;
      at += 4;
      if (control === code("\v")) {
        to[end++] = backslash;
        to[end++] = code("v");
      } else to[end++] = control;
    } else {
      // Backslash, and the letters of the other escapes, which are COPY's as well.
      to[end++] = backslash;
      to[end++] = letter;
    }
  }
  cursor.at = at;
  cursor.end = end;
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
    take(cursor) {
      const start = cursor.end;
      if (!textOf(cursor)) return false;
      if (cursor.end - start <= few) return true;
      return bytes === Infinity && charactersOf(cursor.to.subarray(start, cursor.end)) <= characters;
    },
  };
}

/** Text that is filled up with spaces, and does not end in one. */
export function padded(characters: number): FieldTranscoder {
  return {
    growth: characters,
    take(cursor) {
      const start = cursor.end;
      if (!textOf(cursor) || (cursor.end > start && cursor.to[cursor.end - 1] === space)) return false;
      const count = charactersOf(cursor.to.subarray(start, cursor.end));
      for (let place = count; place < characters; place++) cursor.to[cursor.end++] = space;
      return count <= characters;
    },
  };
}

/** Bytes from their hexadecimal digits. */
export const hexadecimal: FieldTranscoder = {
  growth: 1,
  take(cursor) {
    const { from, to } = cursor;
    if (from[cursor.at++] !== quote) return false;
    for (const letter of [backslash, backslash, code("x")]) to[cursor.end++] = letter;
    let { at, end } = cursor;
    // The bit makes letters small, and digits have it.
    for (let byte = from[at++]!; byte !== quote; byte = from[at++]!) to[end++] = byte | 0x20;
    cursor.at = at;
    cursor.end = end;
    return true;
  },
};

/** Steps over the quote that has to be there. */
const quoted = (cursor: Cursor): boolean => cursor.from[cursor.at++] === quote;

/** Copies two digits; their number, or NaN. */
function twoDigits(cursor: Cursor): number {
  const tens = cursor.from[cursor.at++]!;
  const ones = cursor.from[cursor.at++]!;
  cursor.to[cursor.end++] = tens;
  cursor.to[cursor.end++] = ones;
  return isDigit(tens) && isDigit(ones) ? (tens - zero) * 10 + ones - zero : NaN;
}

/** Copies a byte that has to be there. */
function through(cursor: Cursor, byte: number): boolean {
  cursor.to[cursor.end++] = byte;
  return cursor.from[cursor.at++] === byte;
}

/** Copies `YYYY-MM-DD`, if there is such a day. */
function dayOf(cursor: Cursor): boolean {
  const year = twoDigits(cursor) * 100 + twoDigits(cursor);
  if (!(year >= 1) || !through(cursor, dash)) return false;
  const month = twoDigits(cursor);
  if (!(month >= 1 && month <= 12) || !through(cursor, dash)) return false;
  const day = twoDigits(cursor);
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return day >= 1 && day <= days;
}

/** Copies `HH:MM:SS` with a fraction of at most so many places, without the zeros at its end. */
function clockOf(cursor: Cursor, places: number): boolean {
  if (!(twoDigits(cursor) <= 23) || !through(cursor, colon)) return false;
  if (!(twoDigits(cursor) <= 59) || !through(cursor, colon)) return false;
  if (!(twoDigits(cursor) <= 59)) return false;
  const { from, to } = cursor;
  if (from[cursor.at] !== dot) return true;
  const point = cursor.at;
  let last = point;
  let at = point + 1;
  for (; isDigit(from[at]!); at++) if (from[at] !== zero) last = at;
  if (at === point + 1 || last - point > places) return false;
  if (last > point) for (let place = point; place <= last; place++) to[cursor.end++] = from[place]!;
  cursor.at = at;
  return true;
}

/** `YYYY-MM-DD`. */
export const date: FieldTranscoder = {
  growth: 0,
  take: (cursor) => quoted(cursor) && dayOf(cursor) && quoted(cursor),
};

/** `HH:MM:SS[.ffffff]`. */
export function time(places: number): FieldTranscoder {
  return { growth: 0, take: (cursor) => quoted(cursor) && clockOf(cursor, places) && quoted(cursor) };
}

const utcZones = ["Z", "+00:00", " Z", " +00:00"].map((zone) => Buffer.from(zone));

/** Steps over a zone that says UTC; `false` when there is none. */
function skipUtc(cursor: Cursor): boolean {
  const { from, at } = cursor;
  if (from[at] === quote) return false;
  const zone = utcZones.find((bytes) => from.subarray(at, at + bytes.length).equals(bytes));
  cursor.at += zone?.length ?? 0;
  return true;
}

/** Date and time with a space or a T between them, in UTC, said or not. */
export function timestamp(places: number, zoned: boolean): FieldTranscoder {
  const end = Buffer.from(zoned ? "+00" : "");
  return {
    growth: end.length,
    take(cursor) {
      if (!quoted(cursor) || !dayOf(cursor)) return false;
      const between = cursor.from[cursor.at++];
      cursor.to[cursor.end++] = space;
      if ((between !== space && between !== code("T")) || !clockOf(cursor, places)) return false;
      if (!skipUtc(cursor) && zoned) cursor.assumedUtc++;
      for (const byte of end) cursor.to[cursor.end++] = byte;
      return quoted(cursor);
    },
  };
}

/** Hexadecimal digits with hyphens, 8-4-4-4-12. */
export const uuid: FieldTranscoder = {
  growth: 0,
  take(cursor) {
    const { from, to } = cursor;
    if (!quoted(cursor)) return false;
    for (let place = 0; place < 36; place++) {
      const byte = from[cursor.at++]!;
      const hyphen = place === 8 || place === 13 || place === 18 || place === 23;
      const letter = byte | 0x20;
      if (hyphen ? byte !== dash : !isDigit(byte) && !(letter >= code("a") && letter <= code("f")))
        return false;
      to[cursor.end++] = hyphen ? byte : letter;
    }
    return quoted(cursor);
  },
};
