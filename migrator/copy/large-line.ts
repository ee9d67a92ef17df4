/** A row with large fields, for COPY. */
import type { Checksum } from "./checksum";
import type { LargeField } from "../values/convert-large";
import { type FieldTranscoder, Tuples } from "../values/transcode";

/** A field as it is rendered: held, or read again when it is sent. */
export type Field = string | LargeField;

/** Bytes of a line at the most: the server builds each in memory, where a piece of it ends at 1 GiB. */
export const lineLimit = 2 ** 30 - 64;

const [tab, newline] = [Buffer.from("\t"), Buffer.from("\n")];

const bytesOf = (field: Field) => (typeof field === "string" ? Buffer.byteLength(field) : field.text.bytes);

/** Which of a row's fields to blame, its largest, if the row is too long a line; else `undefined`. */
export function tooLong(fields: readonly Field[]): number | undefined {
  const sizes = fields.map(bytesOf);
  const total = sizes.reduce((sum, size) => sum + size + tab.length, 0);
  return total > lineLimit ? sizes.indexOf(Math.max(...sizes)) : undefined;
}

/**
 * Yields a line piece by piece.
 * @param sent which of the fields go over; all of them are in the checksum.
 */
export function* lineOf(
  fields: readonly Field[],
  sent: readonly boolean[],
  checksum: Checksum,
): Generator<Buffer> {
  let begun = false;
  for (const [index, field] of fields.entries()) {
    if (index > 0) checksum.addLines(tab);
    if (sent[index] && begun) yield tab;
    begun ||= sent[index]!;
    for (const piece of typeof field === "string" ? [Buffer.from(field)] : field.text.pieces()) {
      checksum.addLines(piece);
      if (sent[index]) yield piece;
    }
  }
  checksum.addLines(newline);
  yield newline;
}

/** Yields the same row piece by piece in COPY's binary form. */
export function* tupleOf(
  transcoders: readonly FieldTranscoder[],
  fields: readonly Field[],
  checksum: Checksum,
): Generator<Buffer> {
  const tuple = new Tuples();
  tuple.begin(fields.length);
  for (const [index, field] of fields.entries()) {
    if (typeof field === "string") {
      tuple.addField(transcoders[index]!, field);
      continue;
    }
    tuple.beginLarge(field.binary.bytes);
    yield summed(tuple.bytes(), false);
    for (const piece of field.binary.pieces()) yield summed(piece, false);
    tuple.reset();
  }
  yield summed(tuple.bytes(), true);

  function summed(piece: Buffer, isEnd: boolean): Buffer {
    checksum.addPart(piece, 0, piece.length, isEnd);
    return piece;
  }
}
