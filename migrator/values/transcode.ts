/** Two buffers, and how far they have been read and written. */
export interface Cursor {
  readonly from: Buffer;
  at: number;
  readonly to: Buffer;
  end: number;
  /** Texts without a zone that were read as UTC. */
  assumedUtc: number;
}

/** How values of the usual kind of a column go from JSON to COPY. */
export interface FieldTranscoder {
  /** Takes one JSON value, not `null`, and writes its field; `false` when it is not of that kind. */
  readonly take: (cursor: Cursor) => boolean;
  /** Bytes that a field may be longer than its JSON. */
  readonly growth: number;
}

const code = (character: string) => character.charCodeAt(0);
const [opening, closing, comma, n] = [code("["), code("]"), code(","), code("n")];
const [tab, newline, backslash, capitalN] = [code("\t"), code("\n"), code("\\"), code("N")];

/**
 * From rows as SQLite writes them in JSON to COPY lines, byte by byte: no string is made on the way. JSON says of every value
 * what it is, so that nothing is taken for what it is not.
 */
export class Transcoder {
  /** Of the last lines. */
  assumedUtc = 0;
  /** Kept from page to page. */
  private room = Buffer.alloc(0);

  /** @param columns of a row, in its order. */
  constructor(
    private readonly columns: readonly { readonly transcoder: FieldTranscoder; readonly nullable: boolean }[],
  ) {}

  /**
   * @param json an array for each row, one behind the other; valid UTF-8.
   * @param rows that there are; SQLite leaves out those that it cannot write.
   * @returns a line for each row, or `undefined` when a row or a value is not of the usual kind.
   */
  lines(json: Buffer, rows: number): Buffer | undefined {
    const { columns } = this;
    const growth = columns.reduce((sum, { transcoder }) => sum + transcoder.growth, 0);
    const room = json.length + rows * growth;
    if (this.room.length < room) this.room = Buffer.allocUnsafeSlow(room);
    const cursor: Cursor = { from: json, at: 0, to: this.room, end: 0, assumedUtc: 0 };
    let count = 0;
    for (; cursor.at < json.length; count++) {
      let before = opening;
      for (const { transcoder, nullable } of columns) {
        if (json[cursor.at++] !== before) return undefined;
        before = comma;
        if (json[cursor.at] === n) {
          if (!nullable) return undefined;
          cursor.at += "null".length;
          cursor.to[cursor.end++] = backslash;
          cursor.to[cursor.end++] = capitalN;
        } else if (!transcoder.take(cursor)) return undefined;
        cursor.to[cursor.end++] = tab;
      }
      if (json[cursor.at++] !== closing) return undefined;
      cursor.to[cursor.end - 1] = newline;
    }
    this.assumedUtc = cursor.assumedUtc;
    return count < rows ? undefined : Buffer.from(this.room.subarray(0, cursor.end));
  }
}
