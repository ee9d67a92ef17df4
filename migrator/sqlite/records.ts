/**
 * Values out of a SQLite file a piece at a time. SQLite itself makes a value whole before it hands out any of it, so that one
 * of 400 MB takes as much memory, twice. Where it lies in the file is said by https://www.sqlite.org/fileformat2.html.
 */
import * as fs from "node:fs";
import { Refused } from "../base/errors";
import type { Storage } from "./storage";

/** Bytes of a piece at the most. */
export const pieceBytes = 1 << 16;

/** Bytes read at once where pages lie one behind the other. */
const windowBytes = 1 << 18;

const [interiorTable, leafTable] = [5, 13];
/** Bytes of a number, by the code that a record has for it; two codes mean nothing. */
const numberBytes = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, undefined, undefined];
/** SQLite's own limits: levels of a tree, bytes of a record's header. Whoever goes beyond is not SQLite. */
const [mostLevels, mostHeaderBytes] = [20, 98_307];
const fileHeaderBytes = 100;

/** A text or blob in a record. */
export interface Stored {
  readonly storage: Storage;
  readonly bytes: number;
  /** May be read more than once; every piece is a buffer of its own. */
  readonly pieces: () => Generator<Buffer>;
}

/** A record's bytes: those in the leaf, and the first of the pages that have the others. */
interface Payload {
  readonly bytes: number;
  readonly local: Buffer;
  readonly overflow: number;
}

/**
 * A database file without a log beside it. Nobody writes to it meanwhile. The file comes from anybody: every number in it is
 * checked before it is followed, so that a crafted one is refused, and never read past a page, for ever or into memory.
 */
export class Records {
  private readonly handle: number;
  private readonly pageSize: number;
  private readonly fileBytes: number;
  /** Bytes of a page that SQLite itself uses. */
  private readonly usable: number;
  private readonly window: Buffer;
  /** The pages in the window: the first, and how many. */
  private first = 1;
  private count = 0;

  /**
   * @param label the source, for messages.
   * @throws Refused when the file's header is none of SQLite's.
   */
  constructor(
    file: string,
    private readonly label = "the file",
  ) {
    // Not through a link: what lies there was written by a process that is not trusted.
    this.handle = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
    this.fileBytes = fs.fstatSync(this.handle).size;
    const header = Buffer.alloc(fileHeaderBytes);
    fs.readSync(this.handle, header, 0, header.length, 0);
    const size = header.readUInt16BE(16);
    this.pageSize = size === 1 ? 65_536 : size;
    this.usable = this.pageSize - header[20]!;
    // A page without what SQLite needs of it at the least holds no cell as it is laid out.
    if ((this.pageSize & (this.pageSize - 1)) !== 0 || this.usable < 480) {
      fs.closeSync(this.handle);
      throw this.damaged("its header has an invalid page size");
    }
    this.window = Buffer.allocUnsafeSlow(windowBytes);
  }

  close(): void {
    fs.closeSync(this.handle);
  }

  /**
   * The value of a row, as it is stored.
   * @param root page of the table's tree.
   * @param place of the column in a record, the first being 0.
   * @returns `undefined` when the row is not there, or its record ends before.
   * @throws Refused when the file is damaged; reading the pieces does so, too.
   */
  value(root: number, rowid: bigint, place: number): Stored | undefined {
    const payload = this.find(root, rowid);
    if (payload === undefined) return undefined;
    const [headerBytes, start] = this.varint(this.read(payload, 0, Math.min(9, payload.bytes)), 0);
    if (headerBytes > BigInt(Math.min(payload.bytes, mostHeaderBytes)))
      throw this.damaged("a record's header is longer than its record");
    const header = this.read(payload, 0, Number(headerBytes));
    let [at, offset] = [start, header.length];
    for (let column = 0; at < header.length; column++) {
      const [type, next] = this.varint(header, at);
      const bytes = type < 12n ? numberBytes[Number(type)] : Number((type - 12n) / 2n);
      if (bytes === undefined) throw this.damaged("a record has a value of unknown type");
      if (offset + bytes > payload.bytes) throw this.damaged("a value is longer than its record");
      if (column === place) {
        const storage = type === 0n ? "n" : type < 12n ? (type === 7n ? "r" : "i") : type % 2n ? "t" : "b";
        const from = offset;
        return { storage, bytes, pieces: () => this.pieces(payload, from, bytes) };
      }
      at = next;
      offset += bytes;
    }
    return undefined;
  }

  /** Goes down the tree to the leaf that has the row, by halves. */
  private find(root: number, rowid: bigint): Payload | undefined {
    let number = root;
    for (let level = 0; level < mostLevels; level++) {
      const page = this.page(number);
      const header = number === 1 ? fileHeaderBytes : 0;
      const cells = page.readUInt16BE(header + 3);
      const leaf = page[header] === leafTable;
      if (!leaf && page[header] !== interiorTable)
        throw this.damaged(`page ${number} is not a page of a table`);
      const pointers = header + (leaf ? 8 : 12);
      if (pointers + 2 * cells > this.usable) throw this.damaged(`page ${number} has more cells than fit`);
      const cellAt = (cell: number) => page.readUInt16BE(pointers + 2 * cell);
      const keyAt = (cell: number) =>
        BigInt.asIntN(64, this.varint(page, leaf ? this.varint(page, cellAt(cell))[1] : cellAt(cell) + 4)[0]);
      let [low, high] = [0, cells];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (keyAt(middle) < rowid) low = middle + 1;
        else high = middle;
      }
      if (leaf) return low < cells && keyAt(low) === rowid ? this.payload(page, cellAt(low)) : undefined;
      number = this.numberAt(page, low < cells ? cellAt(low) : header + 8);
    }
    throw this.damaged("a table's tree is too deep");
  }

  private payload(page: Buffer, at: number): Payload {
    const [length, keyAt] = this.varint(page, at);
    // However its pages are chained, a record is no longer than the file: so reading one comes to an end.
    if (length > BigInt(this.fileBytes)) throw this.damaged("a record is longer than the file");
    const bytes = Number(length);
    const [, start] = this.varint(page, keyAt);
    const most = this.usable - 35;
    const least = Math.floor(((this.usable - 12) * 32) / 255) - 23;
    const rest = least + ((bytes - least) % (this.usable - 4));
    const here = bytes <= most ? bytes : rest <= most ? rest : least;
    if (start + here > this.usable) throw this.damaged("a record goes past its page");
    // The window moves on.
    const local = Buffer.from(page.subarray(start, start + here));
    return { bytes, local, overflow: bytes > here ? this.numberAt(page, start + here) : 0 };
  }

  private read(payload: Payload, from: number, bytes: number): Buffer {
    return Buffer.concat([...this.pieces(payload, from, bytes)]);
  }

  /** Some bytes of a record. A chain of pages is followed from its beginning. */
  private *pieces({ local, overflow }: Payload, from: number, bytes: number): Generator<Buffer> {
    let [skip, left] = [from, bytes];
    let part = local;
    let next = overflow;
    let [piece, filled] = [Buffer.allocUnsafeSlow(Math.min(left, pieceBytes)), 0];
    while (left > 0) {
      const start = Math.min(skip, part.length);
      skip -= start;
      const copied = part.copy(piece, filled, start, Math.min(part.length, start + left));
      part = part.subarray(start + copied);
      filled += copied;
      left -= copied;
      if (filled === piece.length) {
        // Whoever has the piece may read elsewhere meanwhile.
        part = Buffer.from(part);
        yield piece;
        [piece, filled] = [Buffer.allocUnsafeSlow(Math.min(left, pieceBytes)), 0];
      }
      if (part.length > 0 || left === 0) continue;
      if (next === 0) throw this.damaged("a value ends before its last page");
      const page = this.page(next);
      next = page.readUInt32BE(0);
      part = page.subarray(4, this.usable);
    }
  }

  /** A page's number within a page. */
  private numberAt(page: Buffer, at: number): number {
    if (at + 4 > this.usable) throw this.damaged("a number goes past its page");
    return page.readUInt32BE(at);
  }

  /** A number of SQLite's of one to nine bytes, and where it ends. */
  private varint(from: Buffer, at: number): [value: bigint, end: number] {
    let value = 0n;
    for (let place = 0; place < 9; place++) {
      const byte = from[at + place];
      if (byte === undefined) throw this.damaged("a number goes past its page or its record");
      if (place === 8) return [(value << 8n) | BigInt(byte), at + 9];
      value = (value << 7n) | BigInt(byte & 0x7f);
      if (byte < 0x80) return [value, at + place + 1];
    }
    throw new RangeError("unreachable");
  }

  private damaged(how: string): Refused {
    return new Refused(`${this.label}: corrupt: ${how}. Restore it from a backup, or repair it with the app`);
  }

  /** Valid until the next is asked for. */
  private page(number: number): Buffer {
    const { pageSize, window } = this;
    if (number < this.first || number >= this.first + this.count) {
      const ahead = number === this.first + this.count ? windowBytes : pageSize;
      if (number < 1 || number * pageSize > this.fileBytes) throw this.damaged(`it has no page ${number}`);
      const bytes = fs.readSync(this.handle, window, 0, ahead, (number - 1) * pageSize);
      this.first = number;
      this.count = Math.floor(bytes / pageSize);
      if (this.count === 0) throw this.damaged(`it has no page ${number}`);
    }
    const at = (number - this.first) * pageSize;
    return window.subarray(at, at + pageSize);
  }
}
