import type { RecordValue } from "../sqlite/record-value";
import { unescapeCopy } from "./misfit";
import type { FieldTranscoder, Output } from "./transcode";

const space = 0x20;
const isContinuation = (byte: number | undefined) => (byte! & 0xc0) === 0x80;

/**
 * Bytes of the UTF-8 character that begins at a place with a byte of 0x80 or more; 0 for none.
 * https://www.unicode.org/versions/Unicode16.0.0/core-spec/chapter-3/#G27506
 */
export function characterAt(from: Buffer, at: number, stop: number): number {
  const [first, second] = [from[at]!, from[at + 1]!];
  const bytes = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (bytes === 0 || at + bytes > stop) return 0;
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) return 0;
  if (bytes > 2 && !isContinuation(from[at + 2])) return 0;
  return bytes > 3 && !isContinuation(from[at + 3]) ? 0 : bytes;
}

/** Copies a text; returns its characters, or -1 for what is no UTF-8, or holds a NUL. */
export function copyText({ from, at, stop, isText }: RecordValue, output: Output): number {
  if (!isText) return -1;
  const { to } = output;
  let { end } = output;
  let more = 0;
  while (at < stop) {
    const byte = from[at]!;
    if (byte === 0) return -1;
    if (byte < 0x80) {
      to[end++] = byte;
      at++;
      continue;
    }
    const bytes = characterAt(from, at, stop);
    if (bytes === 0) return -1;
    for (const last = at + bytes; at < last; at++) to[end++] = from[at]!;
    more += bytes - 1;
  }
  const characters = end - output.end - more;
  output.end = end;
  return characters;
}

export function writeText(field: string, output: Output): void {
  output.end += output.to.write(field.includes("\\") ? unescapeCopy(field) : field, output.end);
}

/** Text of at most so many bytes and characters. */
export function text({ bytes = Infinity, characters = Infinity } = {}): FieldTranscoder {
  return {
    growth: 0,
    take(value, output) {
      const start = output.end;
      const count = copyText(value, output);
      return count >= 0 && count <= characters && output.end - start <= bytes;
    },
    write: writeText,
  };
}

/** Text that is filled up with spaces, and does not end in one. */
export function padded(characters: number): FieldTranscoder {
  return {
    growth: characters,
    take(value, output) {
      const start = output.end;
      const count = copyText(value, output);
      if (count < 0 || count > characters) return false;
      if (output.end > start && output.to[output.end - 1] === space) return false;
      output.to.fill(space, output.end, output.end + characters - count);
      output.end += characters - count;
      return true;
    },
    write: writeText,
  };
}

/** Bytes, or a text's. */
export const bytes: FieldTranscoder = {
  growth: 0,
  take({ from, at, stop, isBytes }, output) {
    if (!isBytes) return false;
    output.end += from.copy(output.to, output.end, at, stop);
    return true;
  },
  write(field, output) {
    output.end += output.to.write(field.slice("\\\\x".length), output.end, "hex");
  },
};

/** What a hexadecimal digit is worth; 16 for what is none. */
const worth = new Uint8Array(256).fill(16);
for (const [value, digit] of [..."0123456789abcdef"].entries())
  worth[digit.charCodeAt(0)] = worth[digit.toUpperCase().charCodeAt(0)] = value;

const hyphen = "-".charCodeAt(0);
const isHyphenPlace = (place: number) => place === 8 || place === 13 || place === 18 || place === 23;

/** Hexadecimal digits with hyphens, 8-4-4-4-12. */
export const uuid: FieldTranscoder = {
  growth: 0,
  take({ from, at, stop, isText }, output) {
    if (!isText || stop - at !== 36) return false;
    for (let place = 0; place < 36; place += 2) {
      if (isHyphenPlace(place) && from[at + place++] !== hyphen) return false;
      const [high, low] = [worth[from[at + place]!]!, worth[from[at + place + 1]!]!];
      if (high > 15 || low > 15) return false;
      output.to[output.end++] = high * 16 + low;
    }
    return true;
  },
  write(field, output) {
    output.end += output.to.write(field.replaceAll("-", ""), output.end, "hex");
  },
};
