/** What PostgreSQL sends for COPY … TO STDOUT, many rows at a time. */
import type { ClientBase } from "pg";
import { to as copyTo } from "pg-copy-streams";

/** The parts of the library's stream that the bytes go through: it looks at each message, and that is a row, with several objects. */
interface Stream extends AsyncIterable<Buffer> {
  readonly rowCount: number;
  push(bytes: Buffer | null): boolean;
  resume(): void;
  once(event: "error", listener: (error: Error) => void): void;
  handleReadyForQuery: () => void;
  _parse: (chunk: Buffer) => boolean | undefined;
  _detach(): void;
  _cleanup(): void;
  /** Goes back to the session. */
  readonly _buffer: { push(bytes: Buffer): void };
}

/** https://www.postgresql.org/docs/current/protocol-message-formats.html */
const headerBytes = 5;
/** Messages of so many bytes are told of in one piece. */
const wholeBytes = 1 << 14;
const code = (letter: string) => letter.charCodeAt(0);
const [copyData, copyDone, errorResponse] = [code("d"), code("c"), code("E")];

/**
 * Told of data as it lies in what has come, and whether a message ends with it: PostgreSQL sends one for each row. Only large
 * ones come in parts.
 */
type Take = (bytes: Buffer, start: number, end: number, isEnd: boolean) => void;

/**
 * Takes messages apart.
 * @param come called when all is told of what has come; says whether more may come.
 */
function takeApart(stream: Stream, take: Take, come: () => boolean): void {
  let rest = Buffer.alloc(0);
  /** Of a message, what has not come yet; and whether it is data. */
  let left = 0;
  let isData = false;
  stream._parse = (chunk) => {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    rest = Buffer.alloc(0);
    let at = 0;
    for (;;) {
      const stop = Math.min(at + left, bytes.length);
      left -= stop - at;
      if (isData && stop > at) take(bytes, at, stop, left === 0);
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
      const length = bytes.readUInt32BE(at + 1) - 4;
      if (length <= wholeBytes && at + headerBytes + length > bytes.length) {
        rest = Buffer.from(bytes.subarray(at));
        break;
      }
      left = length;
      at += headerBytes;
      isData = letter === copyData;
      if (letter !== copyDone) continue;
      come();
      stream._buffer.push(bytes.subarray(at));
      stream._detach();
      stream.push(null);
      stream._cleanup();
      return undefined;
    }
    return come();
  };
}

/** Data that comes without regard to where rows end. */
export interface CopiedOut extends AsyncIterable<Buffer> {
  /** Rows that have come to their end so far. In the binary form, the end of all counts as another. */
  readonly ended: number;
}

/** Runs a COPY … TO STDOUT. */
export function copyOut(client: ClientBase, sql: string): CopiedOut {
  const stream = Object.assign(copyTo(sql) as unknown as Stream, { ended: 0 });
  let data: Buffer = Buffer.alloc(0);
  let end = 0;
  takeApart(
    stream,
    (bytes, start, stop, isEnd) => {
      if (isEnd) stream.ended++;
      // The data moves together, over the headers.
      bytes.copyWithin(end, start, stop);
      end += stop - start;
      data = bytes;
    },
    () => {
      const joined = data.subarray(0, end);
      end = 0;
      return joined.length === 0 || stream.push(joined);
    },
  );
  client.query(stream as never);
  return stream;
}

/**
 * Runs a COPY … TO STDOUT and tells of its data where it lies.
 * @returns how many rows PostgreSQL says it has sent.
 */
export function copyOutMessages(client: ClientBase, sql: string, take: Take): Promise<number> {
  const stream = copyTo(sql) as unknown as Stream;
  takeApart(stream, take, () => true);
  return new Promise((resolve, reject) => {
    stream.once("error", reject);
    stream.handleReadyForQuery = () => resolve(stream.rowCount);
    client.query(stream as never);
    stream.resume();
  });
}
