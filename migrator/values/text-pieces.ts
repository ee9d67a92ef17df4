/** Text in pieces: read from SQLite's encoding into UTF-8, counted and escaped as bytes, since strings would be as large again. */
import { isUtf8 } from "node:buffer";
import { Misfit } from "./misfit";
import type { SqliteDatabase } from "../sqlite/sqlite-database";

/**
 * @param pieces cut anywhere.
 * @returns the same text in UTF-8, cut between characters.
 * @throws Misfit for bytes that are no text in the encoding, and for a NUL, which PostgreSQL's text cannot hold.
 */
export function* textOf(encoding: SqliteDatabase["encoding"], pieces: Iterable<Buffer>): Generator<Buffer> {
  let hasNul = false;
  for (const text of encoding === "UTF-8" ? checked(pieces) : decoded(encoding, pieces)) {
    hasNul ||= text.includes(0);
    if (text.length > 0) yield text;
  }
  // Only then, since what is no text is called so first.
  if (hasNul) throw new Misfit("text with a NUL character");
}

function* checked(pieces: Iterable<Buffer>): Generator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  const requireText = (bytes: Buffer) => {
    if (!isUtf8(bytes)) throw new Misfit("text that is not valid UTF-8");
    return bytes;
  };
  for (const piece of pieces) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const end = wholeCharacters(bytes);
    rest = bytes.subarray(end);
    yield requireText(bytes.subarray(0, end));
  }
  yield requireText(rest);
}

function* decoded(encoding: string, pieces: Iterable<Buffer>): Generator<Buffer> {
  const decoder = new TextDecoder(encoding, { fatal: true, ignoreBOM: true });
  const decode = (piece?: Buffer) => {
    try {
      return Buffer.from(decoder.decode(piece, { stream: piece !== undefined }));
    } catch {
      throw new Misfit(`text that is not valid ${encoding}`);
    }
  };
  for (const piece of pieces) yield decode(piece);
  yield decode();
}

/** Where the last character ends that is whole. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (isContinuation(byte)) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return bytes.length - (length > back ? back : 0);
  }
  return bytes.length;
}

const isContinuation = (byte: number) => (byte & 0xc0) === 0x80;

/** Number of characters as PostgreSQL counts them. */
export function charactersIn(text: Buffer): number {
  let count = 0;
  for (const byte of text) if (!isContinuation(byte)) count++;
  return count;
}

const backslash = 0x5c;
/** The letter behind the backslash, by the byte that COPY escapes. */
const letters = new Uint8Array(256);
for (const [byte, letter] of ["\\\\", "\tt", "\nn", "\rr", "\bb", "\ff", "\vv"])
  letters[byte!.charCodeAt(0)] = letter!.charCodeAt(0);

/** Number of bytes that `escapePiece` makes. */
export function escapedLength(text: Buffer): number {
  let length = text.length;
  for (const byte of text) if (letters[byte] !== 0) length++;
  return length;
}

/** Escapes as `escapeCopy` does. */
export function escapePiece(text: Buffer): Buffer {
  const escaped = Buffer.allocUnsafeSlow(escapedLength(text));
  if (escaped.length === text.length) return text;
  let end = 0;
  for (const byte of text) {
    const letter = letters[byte]!;
    if (letter !== 0) escaped[end++] = backslash;
    escaped[end++] = letter === 0 ? byte : letter;
  }
  return escaped;
}
