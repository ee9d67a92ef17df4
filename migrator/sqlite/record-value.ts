import type { Raw, Storage } from "./storage";

/** Bytes of a number, by its serial type; two types mean nothing. */
const numberBytes = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, undefined, undefined];

/** Bytes of a value of a serial type; `undefined` for a type that means nothing. */
export const bytesOfType = (type: number): number | undefined =>
  type < 12 ? numberBytes[type] : (type - 12) >>> 1;

const [real, zero, one] = [7, 8, 9];
/** Of our own: the rowid, which no record has. */
const rowid = 10;

/** A value by its serial type and its bytes. */
export interface Encoded {
  readonly type: number;
  readonly bytes: Buffer;
}

/** A value as a record would have it. */
export function encoded(value: Raw, storage: Storage): Encoded {
  if (value === null) return { type: 0, bytes: Buffer.alloc(0) };
  if (Buffer.isBuffer(value)) return { type: 2 * value.length + (storage === "t" ? 13 : 12), bytes: value };
  const bytes = Buffer.alloc(8);
  if (typeof value === "bigint") bytes.writeBigInt64BE(value);
  else bytes.writeDoubleBE(value);
  return { type: typeof value === "bigint" ? 6 : real, bytes };
}

/** A value in a record, where it lies. One is used for all, so that none is made. */
export class RecordValue {
  /** SQLite's serial type; 0 for NULL. */
  type = 0;
  from: Buffer = Buffer.alloc(0);
  /** Where its bytes begin; moved on by whoever reads them. */
  at = 0;
  stop = 0;
  private start = 0;
  private isReal = false;
  private row: number | bigint = 0;

  /** @param isReal its column's integers mean reals. */
  set(from: Buffer, type: number, at: number, isReal: boolean): void {
    this.from = from;
    this.type = type;
    this.at = this.start = at;
    this.stop = at + bytesOfType(type)!;
    this.isReal = isReal;
  }

  /** Begins to read its bytes anew. */
  rewind(): void {
    this.at = this.start;
  }

  setRowid(row: number | bigint): void {
    this.type = rowid;
    this.row = row;
    this.isReal = false;
  }

  get isText(): boolean {
    return this.type >= 13 && (this.type & 1) === 1;
  }

  get isBytes(): boolean {
    return this.type >= 12;
  }

  /** An integer, as a bigint where a number would not be exact; `undefined` for another value. */
  integer(): number | bigint | undefined {
    return this.isReal ? undefined : this.stored();
  }

  /** A real, or an integer that is one exactly; `undefined` for another value. */
  real(): number | undefined {
    if (this.type === real) {
      const number = this.from.readDoubleBE(this.at);
      // SQLite writes no NaN, and reads NULL where another has written one.
      return Number.isNaN(number) ? undefined : number;
    }
    const stored = this.stored();
    return typeof stored !== "bigint" ? stored : this.isReal ? Number(stored) : undefined;
  }

  /** What SQLite reads here, and its storage; `undefined` for NULL. Bytes are valid until the next row. */
  whole(): readonly [Storage, Exclude<Raw, null>] | undefined {
    const { from, start, stop, type } = this;
    if (this.isBytes) return [this.isText ? "t" : "b", from.subarray(start, stop)];
    if (type === real || this.isReal) {
      const number = type === real ? from.readDoubleBE(start) : Number(this.stored());
      return Number.isNaN(number) ? undefined : ["r", number];
    }
    const integer = this.stored();
    return integer === undefined ? undefined : ["i", BigInt(integer)];
  }

  private stored(): number | bigint | undefined {
    const { from, at } = this;
    switch (this.type) {
      case 1:
        return (from[at]! << 24) >> 24;
      case 2:
        return ((from[at]! << 24) >> 16) | from[at + 1]!;
      case 3:
        return ((from[at]! << 24) >> 8) | (from[at + 1]! << 8) | from[at + 2]!;
      case 4:
        return from.readInt32BE(at);
      case 5:
        return from.readIntBE(at, 6);
      case 6: {
        const number = from.readInt32BE(at) * 2 ** 32 + from.readUInt32BE(at + 4);
        return Number.isSafeInteger(number) ? number : from.readBigInt64BE(at);
      }
      case zero:
        return 0;
      case one:
        return 1;
      case rowid:
        return this.row;
      default:
        return undefined;
    }
  }
}
