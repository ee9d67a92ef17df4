/** Values that are not held: read and rendered a piece at a time, to the same field that `Convert` makes of them. */
import { help, misplaced, Misfit } from "./misfit";
import { pieceBytes, type Stored } from "../sqlite/records";
import type { SqliteDatabase } from "../sqlite/sqlite-database";
import type { TargetColumn } from "../server/target";
import { typeOf } from "./types";
import { charactersIn, escapedLength, escapePiece, textOf } from "./text-pieces";

/** A field in one of COPY's forms. */
export interface Rendered {
  readonly bytes: number;
  /** Renders it, each time anew. */
  readonly pieces: () => Iterable<Buffer>;
}

/** A field that is known to fit. */
export interface LargeField {
  /** Escaped. */
  readonly text: Rendered;
  readonly binary: Rendered;
}

/** How a column takes its large values. */
export interface ConvertLarge {
  /** Bytes from which on a text or blob is large. */
  readonly least: number;
  /**
   * Reads a value to its end.
   * @throws Misfit
   */
  readonly convert: (value: Stored) => LargeField;
}

const space = 0x20;
const leastInPieces = 1 << 14;
/** Far beyond the longest number, date or uuid that there is. */
const leastToRefuse = 1 << 20;
/** What the server has to read is sent to it whole, and JavaScript's strings end at 512 MB. */
const mostHeld = 200_000_000;

/** How a column takes its large values, by its type alone. */
export function largeOf(column: TargetColumn, encoding: SqliteDatabase["encoding"]): ConvertLarge {
  const refuse = (least: number, misfit: (value: Stored) => Misfit): ConvertLarge => ({
    least,
    convert: (value) => {
      throw misfit(value);
    },
  });
  switch (typeOf(column).large) {
    case "text":
      return { least: leastInPieces, convert: (value) => characters(column, encoding, value) };
    case "bytes":
      return { least: leastInPieces, convert: (value) => bytes(encoding, value) };
    case "never":
      return refuse(leastToRefuse, ({ storage }) => misplaced(storage, column.described));
    case "whole":
      return refuse(
        mostHeld,
        ({ storage }) =>
          new Misfit(
            `${storage === "t" ? "text" : "blob"} of more than ${mostHeld / 1e6} MB in a column of type ${column.described}`,
          ),
      );
  }
}

function characters(column: TargetColumn, encoding: SqliteDatabase["encoding"], value: Stored): LargeField {
  if (value.storage === "b") throw misplaced("b", column.described, help.cast("utf8"));
  const limit = column.type === "name" ? 63 : column.modifier >= 4 ? column.modifier - 4 : Infinity;
  let [escaped, plain, count, last] = [0, 0, 0, 0];
  for (const text of textOf(encoding, value.pieces())) {
    escaped += escapedLength(text);
    plain += text.length;
    if (limit !== Infinity) count += charactersIn(text);
    last = text.at(-1)!;
  }
  if (count > limit) throw new Misfit(`text longer than ${column.described} allows`);
  const isPadded = column.type === "bpchar" && limit !== Infinity;
  // char(n) fills up with spaces and does not tell them from the text's own.
  if (isPadded && last === space)
    throw new Misfit(`text that ends in a space in a column of type ${column.described}`);
  const padding = isPadded ? limit - count : 0;
  const rendered = (bytes: number, render: (text: Buffer) => Buffer): Rendered => ({
    bytes: bytes + padding,
    *pieces() {
      for (const text of textOf(encoding, value.pieces())) yield render(text);
      for (let left = padding; left > 0; left -= pieceBytes)
        yield Buffer.alloc(Math.min(left, pieceBytes), " ");
    },
  });
  return { text: rendered(escaped, escapePiece), binary: rendered(plain, (text) => text) };
}

function bytes(encoding: SqliteDatabase["encoding"], value: Stored): LargeField {
  const asStored = value.storage === "b" || encoding === "UTF-8";
  const plain = () => (asStored ? value.pieces() : textOf(encoding, value.pieces()));
  let count = asStored ? value.bytes : 0;
  if (!asStored) for (const piece of plain()) count += piece.length;
  return {
    text: {
      bytes: "\\\\x".length + 2 * count,
      *pieces() {
        yield Buffer.from("\\\\x");
        for (const piece of plain()) yield Buffer.from(piece.toString("hex"), "latin1");
      },
    },
    binary: { bytes: count, pieces: plain },
  };
}
