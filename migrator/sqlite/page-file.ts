/** The pages of a SQLite file, as https://www.sqlite.org/fileformat2.html describes them. */
import * as fs from "node:fs";
import { Refused } from "../base/errors";

/** Bytes read at once where pages lie one behind the other. */
const windowBytes = 1 << 18;

/** What an interior page and a leaf begin with, and the bytes of a record that its page has at the most. */
const trees = {
  /** Of a table with a rowid. */
  table: { interior: 5, leaf: 13, most: (usable: number) => usable - 35 },
  /** Of a table without: its rows lie in the interior pages, too. */
  index: { interior: 2, leaf: 10, most: (usable: number) => Math.floor(((usable - 12) * 64) / 255) - 23 },
} as const;

export type Tree = keyof typeof trees;

const fileHeaderBytes = 100;
/** Levels of a tree at the most. Whoever goes beyond is not SQLite. */
export const mostLevels = 20;

/** A page of a tree. */
export interface TreePage {
  /** Valid until another page is asked for. */
  readonly bytes: Buffer;
  readonly isLeaf: boolean;
  readonly cells: number;
  /** Where the cells' positions are, two bytes each. */
  readonly pointers: number;
}

/**
 * A database file without a log beside it. Nobody writes to it meanwhile. The file comes from anybody: every number in it is
 * checked before it is followed, so that a crafted one is refused, and never read past a page, for ever or into memory.
 */
export class PageFile {
  readonly pageSize: number;
  readonly fileBytes: number;
  /** Bytes of a page that SQLite itself uses. */
  readonly usable: number;
  private readonly handle: number;
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
    private readonly label: string,
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

  /** Valid until the next is asked for. */
  page(number: number): Buffer {
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

  treePage(number: number, tree: Tree = "table"): TreePage {
    const bytes = this.page(number);
    const header = number === 1 ? fileHeaderBytes : 0;
    const { interior, leaf } = trees[tree];
    const isLeaf = bytes[header] === leaf;
    if (!isLeaf && bytes[header] !== interior) throw this.damaged(`page ${number} is not a page of a table`);
    const cells = bytes.readUInt16BE(header + 3);
    const pointers = header + (isLeaf ? 8 : 12);
    if (pointers + 2 * cells > this.usable) throw this.damaged(`page ${number} has more cells than fit`);
    return { bytes, isLeaf, cells, pointers };
  }

  /** The page below an interior page's cell; behind the last cell there is one more. */
  childOf({ bytes, cells, pointers }: TreePage, cell: number): number {
    return this.numberAt(bytes, cell < cells ? bytes.readUInt16BE(pointers + 2 * cell) : pointers - 4);
  }

  /** The first cell of a page whose rowid is not below. */
  cellOf(page: TreePage, rowid: bigint): number {
    let [low, high] = [0, page.cells];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.rowidOf(page, middle) < rowid) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  rowidOf({ bytes, isLeaf, pointers }: TreePage, cell: number): bigint {
    const at = bytes.readUInt16BE(pointers + 2 * cell);
    return BigInt.asIntN(64, this.varint(bytes, isLeaf ? this.varint(bytes, at)[1] : at + 4)[0]);
  }

  /** How many bytes of a record lie in its page. */
  bytesInPage(bytes: number, tree: Tree = "table"): number {
    const most = trees[tree].most(this.usable);
    if (bytes <= most) return bytes;
    const least = Math.floor(((this.usable - 12) * 32) / 255) - 23;
    const rest = least + ((bytes - least) % (this.usable - 4));
    return rest <= most ? rest : least;
  }

  /** Puts a record together from its page and those that have the rest. */
  gather(to: Buffer, page: Buffer, start: number, here: number, bytes: number): void {
    let filled = page.copy(to, 0, start, start + here);
    let next = this.numberAt(page, start + here);
    while (filled < bytes) {
      if (next === 0) throw this.damaged("a value ends before its last page");
      const more = this.page(next);
      next = more.readUInt32BE(0);
      filled += more.copy(to, filled, 4, Math.min(this.usable, 4 + bytes - filled));
    }
  }

  /** A page's number within a page. */
  numberAt(page: Buffer, at: number): number {
    if (at + 4 > this.usable) throw this.damaged("a number goes past its page");
    return page.readUInt32BE(at);
  }

  /** A number of SQLite's of one to nine bytes, and where it ends. */
  varint(from: Buffer, at: number): [value: bigint, end: number] {
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

  damaged(how: string): Refused {
    return new Refused(`${this.label}: corrupt: ${how}. Restore it from a backup, or repair it with the app`);
  }
}
