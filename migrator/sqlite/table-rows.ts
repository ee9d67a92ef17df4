/** The rows of a table as they lie in the file, one behind the other. */
import { mostLevels, type PageFile, type TreePage } from "./page-file";

/** Bytes of a record that is put together from several pages at the most. */
export const mostBytes = 2 << 20;

/** Of the next page, where a row goes on. */
const pageNumberBytes = 4;

/** A row, as it lies in the file. */
export interface StoredRow {
  /** A bigint where a number would not be exact; 0 in a table without. */
  readonly rowid: number | bigint;
  /** Its record is in these bytes, until the next row; `undefined` for one that is too large to be held. */
  readonly record: Buffer | undefined;
  readonly start: number;
  readonly end: number;
}

/** The pages below an interior page, and which of them is read. */
interface Level {
  readonly children: Uint32Array;
  at: number;
}

/** A place among the rows. It holds one page, so that whoever reads the file elsewhere meanwhile does not disturb it. */
export class TableRows implements StoredRow {
  rowid: number | bigint = 0;
  record: Buffer | undefined;
  start = 0;
  end = 0;

  private readonly leaf: Buffer;
  private cells = 0;
  private cell = 0;
  private pointers = 0;
  private path: Level[] = [];
  private last: number | bigint | undefined;
  /** Pages that were read since the last `seek`, those with the rest of a row among them: a table has no page twice. */
  private pages = 0;
  /** Behind the number that was read last. */
  private after = 0;
  private large = Buffer.alloc(0);

  /** @param root page of the table's tree. */
  constructor(
    private readonly file: PageFile,
    private readonly root: number,
  ) {
    this.leaf = Buffer.allocUnsafeSlow(file.pageSize);
  }

  /** Goes to before the first row whose rowid is not below. */
  seek(rowid: bigint): void {
    const { file } = this;
    this.path = [];
    this.pages = 0;
    this.last = undefined;
    let page = this.read(this.root);
    while (!page.isLeaf) page = this.read(this.descend(page, file.cellOf(page, rowid)));
    this.enter(page);
    this.cell = file.cellOf(page, rowid);
  }

  /**
   * Goes to the next row.
   * @returns `false` when there is none.
   * @throws Refused when the file is damaged.
   */
  next(): boolean {
    while (this.cell >= this.cells) if (!this.nextLeaf()) return false;
    const { leaf, file } = this;
    const pointer = this.pointers + 2 * this.cell++;
    const bytes = this.number((leaf[pointer]! << 8) | leaf[pointer + 1]!);
    this.rowid = this.rowidAt(this.after);
    if (this.last !== undefined && !(this.rowid > this.last)) throw file.damaged("its rows are out of order");
    this.last = this.rowid;
    const start = this.after;
    const here = file.bytesInPage(bytes);
    if (start + here > file.usable) throw file.damaged("a record goes past its page");
    if (here === bytes) {
      this.record = leaf;
      this.start = start;
      this.end = start + bytes;
    } else this.gather(start, here, bytes);
    return true;
  }

  private read(number: number): TreePage {
    this.count(1);
    return this.file.treePage(number);
  }

  private count(pages: number): void {
    const { file } = this;
    this.pages += pages;
    if (this.pages * file.pageSize > file.fileBytes)
      throw file.damaged("a table has more pages than the file");
  }

  private enter({ bytes, cells, pointers }: TreePage): void {
    bytes.copy(this.leaf);
    this.cells = cells;
    this.pointers = pointers;
    this.cell = 0;
  }

  /** Notes what is below an interior page. @returns the page at a place. */
  private descend(page: TreePage, at: number): number {
    if (this.path.length >= mostLevels) throw this.file.damaged("a table's tree is too deep");
    const children = Uint32Array.from({ length: page.cells + 1 }, (_, cell) => this.file.childOf(page, cell));
    this.path.push({ children, at });
    return children[at]!;
  }

  private nextLeaf(): boolean {
    let level = this.path.at(-1);
    while (level !== undefined && level.at + 1 >= level.children.length) {
      this.path.pop();
      level = this.path.at(-1);
    }
    if (level === undefined) return false;
    let page = this.read(level.children[++level.at]!);
    while (!page.isLeaf) page = this.read(this.descend(page, 0));
    this.enter(page);
    return true;
  }

  /** A number that is not negative, roughly if it is huge. */
  private number(at: number): number {
    const { leaf } = this;
    let value = 0;
    for (let place = 0; place < 9; place++) {
      const byte = leaf[at + place];
      if (byte === undefined) throw this.file.damaged("a number goes past its page or its record");
      if (byte < 0x80 || place === 8) {
        this.after = at + place + 1;
        return place === 8 ? value * 256 + byte : value * 128 + byte;
      }
      value = value * 128 + (byte & 0x7f);
    }
    return value;
  }

  private rowidAt(at: number): number | bigint {
    const value = this.number(at);
    // Seven bytes have 49 bits.
    if (this.after - at <= 7) return value;
    return BigInt.asIntN(64, this.file.varint(this.leaf, at)[0]);
  }

  /** Puts a record together from its leaf and the pages that have the rest. */
  private gather(start: number, here: number, bytes: number): void {
    this.record = undefined;
    if (bytes > mostBytes) return;
    const { file, leaf } = this;
    this.count(Math.ceil((bytes - here) / (file.usable - pageNumberBytes)));
    if (this.large.length < bytes) this.large = Buffer.allocUnsafeSlow(Math.min(mostBytes, 2 * bytes));
    const { large } = this;
    file.gather(large, leaf, start, here, bytes);
    this.record = large;
    this.start = 0;
    this.end = bytes;
  }
}
