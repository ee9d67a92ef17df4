/**
 * Values out of a SQLite file a piece at a time. SQLite itself makes a value whole before it hands out any of it, so that one
 * of 400 MB takes as much memory, twice. Where it lies in the file is said by https://www.sqlite.org/fileformat2.html.
 */
import { mostLevels, PageFile } from "./page-file";
import { bytesOfType } from "./record-value";
import type { Storage } from "./storage";
import { KeyRows } from "./key-rows";
import { TableRows } from "./table-rows";

/** Bytes of a piece at the most. */
export const pieceBytes = 1 << 16;

/** Bytes of a record's header at the most, for SQLite. */
const mostHeaderBytes = 98_307;

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

/** The rows of a database file, found and read without SQLite. */
export class Records {
  private readonly file: PageFile;

  /**
   * @param label the source, for messages.
   * @throws Refused when the file's header is none of SQLite's.
   */
  constructor(file: string, label = "the file") {
    this.file = new PageFile(file, label);
  }

  close(): void {
    this.file.close();
  }

  /**
   * The rows of a table, in the order of their rowids.
   * @param root page of the table's tree.
   */
  rows(root: number): TableRows {
    return new TableRows(this.file, root);
  }

  /** The rows of a table without a rowid, in the order of its primary key. */
  rowsByKey(root: number): KeyRows {
    return new KeyRows(this.file, root);
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
    const [headerBytes, start] = this.file.varint(this.read(payload, 0, Math.min(9, payload.bytes)), 0);
    if (headerBytes > BigInt(Math.min(payload.bytes, mostHeaderBytes)))
      throw this.file.damaged("a record's header is longer than its record");
    const header = this.read(payload, 0, Number(headerBytes));
    let [at, offset] = [start, header.length];
    for (let column = 0; at < header.length; column++) {
      const [type, next] = this.file.varint(header, at);
      const bytes = type < 12n ? bytesOfType(Number(type)) : Number((type - 12n) / 2n);
      if (bytes === undefined) throw this.file.damaged("a record has a value of unknown type");
      if (offset + bytes > payload.bytes) throw this.file.damaged("a value is longer than its record");
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
    const { file } = this;
    let number = root;
    for (let level = 0; level < mostLevels; level++) {
      const page = file.treePage(number);
      const cell = file.cellOf(page, rowid);
      if (!page.isLeaf) number = file.childOf(page, cell);
      else if (cell >= page.cells || file.rowidOf(page, cell) !== rowid) return undefined;
      else return this.payload(page.bytes, page.bytes.readUInt16BE(page.pointers + 2 * cell));
    }
    throw file.damaged("a table's tree is too deep");
  }

  private payload(page: Buffer, at: number): Payload {
    const [length, keyAt] = this.file.varint(page, at);
    // However its pages are chained, a record is no longer than the file: so reading one comes to an end.
    if (length > BigInt(this.file.fileBytes)) throw this.file.damaged("a record is longer than the file");
    const bytes = Number(length);
    const [, start] = this.file.varint(page, keyAt);
    const here = this.file.bytesInPage(bytes);
    if (start + here > this.file.usable) throw this.file.damaged("a record goes past its page");
    // The window moves on.
    const local = Buffer.from(page.subarray(start, start + here));
    return { bytes, local, overflow: bytes > here ? this.file.numberAt(page, start + here) : 0 };
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
      if (next === 0) throw this.file.damaged("a value ends before its last page");
      const page = this.file.page(next);
      next = page.readUInt32BE(0);
      part = page.subarray(4, this.file.usable);
    }
  }
}
