/** What PostgreSQL sends for COPY … TO STDOUT, many rows at a time. */
import type { ClientBase } from "pg";
import { to as copyTo } from "pg-copy-streams";

/** The parts of the library's stream that the bytes go through: it looks at each message, and that is a row, with several objects. */
interface Stream extends AsyncIterable<Buffer> {
  push(bytes: Buffer | null): boolean;
  _parse: (chunk: Buffer) => boolean | undefined;
  _detach(): void;
  _cleanup(): void;
  /** Goes back to the session. */
  readonly _buffer: { push(bytes: Buffer): void };
}

/** https://www.postgresql.org/docs/current/protocol-message-formats.html */
const headerBytes = 5;
const code = (letter: string) => letter.charCodeAt(0);
const [copyData, copyDone, errorResponse] = [code("d"), code("c"), code("E")];

/** Runs a COPY … TO STDOUT. Its data comes without regard to where rows end. */
export function copyOut(client: ClientBase, sql: string): AsyncIterable<Buffer> {
  const stream = copyTo(sql) as unknown as Stream;
  let rest = Buffer.alloc(0);
  /** Of a message, what has not come yet; and whether it is data. */
  let left = 0;
  let isData = false;
  stream._parse = (chunk) => {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    rest = Buffer.alloc(0);
    let at = 0;
    // The data moves together, over the headers.
    let end = 0;
    for (;;) {
      const stop = Math.min(at + left, bytes.length);
      if (isData) {
        bytes.copyWithin(end, at, stop);
        end += stop - at;
      }
      left -= stop - at;
      at = stop;
      if (left > 0) break;
      if (bytes.length - at < headerBytes) {
        rest = Buffer.from(bytes.subarray(at));
        break;
      }
      const letter = bytes[at];
      if (letter === errorResponse) {
        stream._buffer.push(bytes.subarray(at));
        stream._detach();
        return undefined;
      }
      left = bytes.readUInt32BE(at + 1) - 4;
      at += headerBytes;
      isData = letter === copyData;
      if (letter !== copyDone) continue;
      if (end > 0) stream.push(bytes.subarray(0, end));
      stream._buffer.push(bytes.subarray(at));
      stream._detach();
      stream.push(null);
      stream._cleanup();
      return undefined;
    }
    return end === 0 || stream.push(bytes.subarray(0, end));
  };
  return client.query(stream as never);
}
