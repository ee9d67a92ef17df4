import type { StoredRows } from "../sqlite/stored-rows";
import { type Encoded, RecordValue } from "../sqlite/record-value";
import type { Raw, Storage } from "../sqlite/storage";
import type { Tally } from "./misfit";

/** Where fields of COPY are written. There is room. */
export interface Output {
  to: Buffer;
  end: number;
  /** Texts without a zone that were read as UTC. */
  assumedUtc: number;
}

/** How values of a column go into COPY's binary form, as the `recv` function of its type reads them. */
export interface FieldTranscoder {
  /** Whether a value stands for NULL; counts it. @default none does */
  readonly isNull?: (value: RecordValue) => boolean;
  /** Writes a value of the usual kind, that is not NULL, out of SQLite's record; `false` when it is not of that kind. */
  readonly take: (value: RecordValue, output: Output) => boolean;
  /** Writes what the column's `Convert` made of a value: a field of COPY's text form. */
  readonly write: (field: string, output: Output) => void;
  /** A field has at most so many times the bytes of its value, and `growth` more. @default 1 */
  readonly factor?: number;
  readonly growth: number;
}

/** A column of a table that is read the short way. */
export interface FastColumn {
  readonly transcoder: FieldTranscoder;
  /**
   * A value that is not of the usual kind, as a field of COPY's text form; `undefined` where more is needed than the value.
   * @throws Misfit
   */
  readonly convert?: (storage: Storage, value: Exclude<Raw, null>, tally: Tally) => string | undefined;
  readonly nullable: boolean;
  /** Its place in a record. */
  readonly place: number;
  /** Its value is the rowid, and not in the record. */
  readonly isRowid: boolean;
  /** SQLite keeps its reals without a fraction as integers. */
  readonly isReal: boolean;
}

/** Bytes that say how long a field is. */
const fieldHeader = 4;
/** Room beyond what is needed, so that it is made but a few times. */
const spareBytes = 1 << 17;
/** A length, and a number of a few bytes that becomes one of up to 24. */
const mostOfNumber = 28;

/** Rows in COPY's binary form, one behind the other. https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.55.9.4.6 */
export class Tuples implements Output, Tally {
  to: Buffer = Buffer.alloc(0);
  end = 0;
  assumedUtc = 0;
  roundedFractions = 0;

  /** Forgets the rows. */
  reset(): void {
    this.end = 0;
    this.assumedUtc = 0;
    this.roundedFractions = 0;
  }

  /** The rows since `reset`. */
  bytes(): Buffer {
    return Buffer.from(this.to.subarray(0, this.end));
  }

  /** Adds a row by its fields in COPY's text form. */
  add(transcoders: readonly FieldTranscoder[], fields: readonly string[]): void {
    this.begin(fields.length);
    for (const [index, field] of fields.entries()) this.addField(transcoders[index]!, field);
  }

  addField(transcoder: FieldTranscoder, field: string): void {
    // No UTF-16 unit has more than three bytes.
    this.makeRoom(3 * field.length + mostOfNumber);
    if (field === "\\N") {
      this.addNull();
      return;
    }
    const start = this.beginField();
    transcoder.write(field, this);
    this.endField(start);
  }

  /** Adds a field by its bytes. */
  addBytes(field: Buffer | null): void {
    if (field === null) {
      this.makeRoom(mostOfNumber);
      this.addNull();
      return;
    }
    this.beginLarge(field.length);
    this.makeRoom(field.length);
    this.end += field.copy(this.to, this.end);
  }

  /** Begins a field of so many bytes, which are not written here. */
  beginLarge(bytes: number): void {
    this.makeRoom(4);
    this.end = this.to.writeInt32BE(bytes, this.end);
  }

  /** Begins a row. */
  begin(fields: number): void {
    this.makeRoom(2);
    this.to[this.end++] = fields >> 8;
    this.to[this.end++] = fields & 0xff;
  }

  addNull(): void {
    for (let place = 0; place < 4; place++) this.to[this.end++] = 0xff;
  }

  /** @returns where the field begins */
  beginField(): number {
    this.end += fieldHeader;
    return this.end;
  }

  /** Says how long a field is. */
  endField(start: number): void {
    const { to } = this;
    const length = this.end - start;
    to[start - 4] = length >>> 24;
    to[start - 3] = (length >>> 16) & 0xff;
    to[start - 2] = (length >>> 8) & 0xff;
    to[start - 1] = length & 0xff;
  }

  makeRoom(bytes: number): void {
    if (this.to.length - this.end >= bytes) return;
    const to = Buffer.allocUnsafeSlow(this.end + bytes + spareBytes);
    this.to.copy(to, 0, 0, this.end);
    this.to = to;
  }
}

/**
 * From rows as they lie in SQLite's file to rows of COPY, byte by byte: no value is made on the way. A record says of every
 * value what it is, so that nothing is taken for what it is not. https://www.sqlite.org/fileformat2.html#record_format
 */
export class Transcoder {
  readonly tuples = new Tuples();
  private readonly value = new RecordValue();
  /** Of each value of a record: its serial type, and where it is. */
  private readonly types: Int32Array;
  private readonly starts: Int32Array;
  private readonly growth: number;
  private readonly factor: number;

  /**
   * @param columns in the order of a row of COPY.
   * @param added what a row has that was written before a column was added; `undefined` where that needs more than is here.
   */
  constructor(
    private readonly columns: readonly FastColumn[],
    private readonly added: (rowid: bigint, column: FastColumn) => Encoded | undefined,
  ) {
    const places = 1 + Math.max(...columns.map(({ place }) => place));
    this.types = new Int32Array(places);
    this.starts = new Int32Array(places);
    this.factor = Math.max(...columns.map(({ transcoder }) => transcoder.factor ?? 1));
    this.growth = columns.reduce((sum, { transcoder }) => sum + transcoder.growth + mostOfNumber, 0);
  }

  /**
   * Adds a row; `false` when it has a value that needs more than is here. What is written of it is to be forgotten then.
   * @throws Misfit
   */
  add(row: StoredRows): boolean {
    const { record, start, end } = row;
    if (record === undefined) return false;
    const count = this.header(record, start, end);
    if (count < 0) return false;
    const { columns, types, starts, value, tuples } = this;
    tuples.begin(columns.length);
    tuples.makeRoom(this.factor * (end - start) + this.growth);
    for (const column of columns) {
      const { place } = column;
      if (column.isRowid) value.setRowid(row.rowid);
      else if (place < count) value.set(record, types[place]!, starts[place]!, column.isReal);
      else {
        const added = this.added(BigInt(row.rowid), column);
        if (added === undefined) return false;
        tuples.makeRoom(this.factor * (end - start + added.bytes.length) + this.growth);
        value.set(added.bytes, added.type, 0, column.isReal);
      }
      if (value.type === 0 || column.transcoder.isNull?.(value)) {
        if (!column.nullable) return false;
        tuples.addNull();
        continue;
      }
      const { assumedUtc } = tuples;
      const at = tuples.beginField();
      if (column.transcoder.take(value, tuples)) tuples.endField(at);
      else {
        tuples.end = at - fieldHeader;
        tuples.assumedUtc = assumedUtc;
        if (!this.convert(column)) return false;
        // What follows has its room again.
        tuples.makeRoom(this.factor * (end - start) + this.growth);
      }
    }
    return true;
  }

  /** Adds a value that is not of the usual kind; `false` when that needs more than the value. */
  private convert({ convert, transcoder }: FastColumn): boolean {
    const { value, tuples } = this;
    value.rewind();
    const whole = value.whole();
    const field = whole && convert?.(...whole, tuples);
    if (field === undefined) return false;
    tuples.addField(transcoder, field);
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
}
