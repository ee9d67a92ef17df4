/** Rows of PostgreSQL's binary COPY, https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.4. */

/** Signature, flags and the length of an extension, which there is none of. */
const headerBytes = 19;

/** SQL that answers a query in this form. */
export const binaryCopy = (query: string) => `COPY (${query}) TO STDOUT WITH (FORMAT binary)`;

/** Reads a field that is not NULL: bytes in its type's own binary form, from one place to another. */
export type ReadField<T> = (bytes: Buffer, start: number, end: number) => T;

/**
 * Rows, some at a time.
 * @param chunks what the server sends, cut anywhere
 * @param readers one for each field
 */
export async function* binaryRows<T>(
  chunks: Iterable<Buffer> | AsyncIterable<Buffer>,
  readers: readonly ReadField<T>[],
): AsyncGenerator<(T | null)[][]> {
  let parts: Buffer[] = [];
  let held = 0;
  let needed = headerBytes;
  let begun = false;
  let ended = false;
  for await (const chunk of chunks) {
    // What comes behind the last row is waited for: a stream that is left early takes the session with it.
    if (ended) continue;
    parts.push(chunk);
    held += chunk.length;
    if (held < needed) continue;
    const bytes = parts.length === 1 ? chunk : Buffer.concat(parts, held);
    let at = begun ? 0 : headerBytes;
    begun = true;
    const rows: (T | null)[][] = [];
    for (;;) {
      const row = rowAt(bytes, at, readers);
      if (typeof row === "number") {
        needed = row - at;
        break;
      }
      if (row === undefined) {
        ended = true;
        break;
      }
      rows.push(row.fields);
      at = row.end;
    }
    yield rows;
    parts = at < bytes.length ? [bytes.subarray(at)] : [];
    held = bytes.length - at;
  }
}

/** A row, or how far the bytes have to reach before more can be said; `undefined` at the end of all rows. */
function rowAt<T>(
  bytes: Buffer,
  start: number,
  readers: readonly ReadField<T>[],
): { fields: (T | null)[]; end: number } | number | undefined {
  if (bytes.length < start + 2) return start + 2;
  const count = bytes.readInt16BE(start);
  if (count < 0) return undefined;
  const fields: (T | null)[] = [];
  let at = start + 2;
  for (let field = 0; field < count; field++) {
    if (bytes.length < at + 4) return at + 4;
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0) fields.push(null);
    else {
      if (bytes.length < at + length) return at + length;
      fields.push(readers[field]!(bytes, at, at + length));
      at += length;
    }
  }
  return { fields, end: at };
}
