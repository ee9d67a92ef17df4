import type { TableRows } from "../sqlite/table-rows";
import { type Encoded, RecordValue } from "../sqlite/record-value";

/** Where fields of COPY lines are written. */
export interface Output {
  to: Buffer;
  end: number;
  /** Texts without a zone that were read as UTC. */
  assumedUtc: number;
}

/** How values of the usual kind of a column go from SQLite's records to COPY. */
export interface FieldTranscoder {
  /** Writes the field of a value that is not NULL; `false` when it is not of that kind. */
  readonly take: (value: RecordValue, output: Output) => boolean;
  /** Bytes that a field may have more than twice those of its value. */
  readonly growth: number;
}

/** A column of a table that is read the short way. */
export interface FastColumn {
  readonly transcoder: FieldTranscoder;
  readonly nullable: boolean;
  /** Its place in a record. */
  readonly place: number;
  /** Its value is the rowid, and not in the record. */
  readonly isRowid: boolean;
  /** SQLite keeps its reals without a fraction as integers. */
  readonly isReal: boolean;
}

/** Room beyond what is needed, so that it is made but a few times. */
const spareBytes = 1 << 17;

const code = (character: string) => character.charCodeAt(0);
const [tab, newline, backslash, capitalN] = [code("\t"), code("\n"), code("\\"), code("N")];

/**
 * From rows as they lie in SQLite's file to COPY lines, byte by byte: no value is made on the way. A record says of every value
 * what it is, so that nothing is taken for what it is not. https://www.sqlite.org/fileformat2.html#record_format
 */
export class Transcoder implements Output {
  to = Buffer.alloc(0);
  end = 0;
  assumedUtc = 0;
  private readonly value = new RecordValue();
  /** Of each value of a record: its serial type, and where it is. */
  private readonly types: Int32Array;
  private readonly starts: Int32Array;
  private readonly growth: number;

  /**
   * @param columns in the order of a line.
   * @param added what a row has that was written before a column was added.
   */
  constructor(
    private readonly columns: readonly FastColumn[],
    private readonly added: (rowid: bigint, column: FastColumn) => Encoded,
  ) {
    const places = 1 + Math.max(...columns.map(({ place }) => place));
    this.types = new Int32Array(places);
    this.starts = new Int32Array(places);
    // A number of a few bytes has up to 24 characters.
    this.growth = columns.reduce((sum, { transcoder }) => sum + transcoder.growth + 26, 0);
  }

  /** Forgets the lines. */
  reset(): void {
    this.end = 0;
    this.assumedUtc = 0;
  }

  /** The lines since `reset`. */
  lines(): Buffer {
    return Buffer.from(this.to.subarray(0, this.end));
  }

  /** Writes the line of a row; `false` when it has a value that is not of the usual kind. */
  add(row: TableRows): boolean {
    const { record, start, end } = row;
    if (record === undefined) return false;
    const count = this.header(record, start, end);
    if (count < 0) return false;
    this.makeRoom(2 * (end - start) + this.growth);
    const { columns, types, starts, value } = this;
    for (const column of columns) {
      const { place } = column;
      if (column.isRowid) value.setRowid(row.rowid);
      else if (place < count) value.set(record, types[place]!, starts[place]!, column.isReal);
      else {
        const added = this.added(BigInt(row.rowid), column);
        this.makeRoom(2 * added.bytes.length + this.growth);
        value.set(added.bytes, added.type, 0, column.isReal);
      }
      if (value.type === 0) {
        if (!column.nullable) return false;
        this.to[this.end++] = backslash;
        this.to[this.end++] = capitalN;
      } else if (!column.transcoder.take(value, this)) return false;
      this.to[this.end++] = tab;
    }
    this.to[this.end - 1] = newline;
    return true;
  }

  /** Reads what a record says of its values. @returns how many of ours it has, or -1 for no good record. */
  private header(record: Buffer, start: number, end: number): number {
    const { types, starts } = this;
    let at = start;
    let headerBytes = 0;
    let byte: number;
    do {
      byte = record[at++]!;
      headerBytes = headerBytes * 128 + (byte & 0x7f);
    } while (byte >= 0x80 && at < end);
    const headerEnd = start + headerBytes;
    if (headerEnd > end) return -1;
    let body = headerEnd;
    let count = 0;
    while (at < headerEnd && count < types.length) {
      let type = 0;
      do {
        byte = record[at++]!;
        type = type * 128 + (byte & 0x7f);
      } while (byte >= 0x80 && at < headerEnd);
      if (type > 0x7fffffff) return -1;
      types[count] = type;
      starts[count++] = body;
      if (type >= 12) body += (type - 12) >>> 1;
      else if (type < 7) body += type < 5 ? type : 2 * type - 4;
      else if (type === 7) body += 8;
      else if (type > 9) return -1;
    }
    return body > end ? -1 : count;
  }

  private makeRoom(bytes: number): void {
    if (this.to.length - this.end >= bytes) return;
    const to = Buffer.allocUnsafeSlow(this.end + bytes + spareBytes);
    this.to.copy(to, 0, 0, this.end);
    this.to = to;
  }
}
