/** The rows of a table as they lie in the file, one behind the other. */
import { mostLevels, type PageFile, type TreePage } from "./page-file";
import { StoredRows } from "./stored-rows";

/** The pages below an interior page, and which of them is read. */
interface Level {
  readonly children: Uint32Array;
  at: number;
}

/** A place among the rows. It holds one page, so that whoever reads the file elsewhere meanwhile does not disturb it. */
export class TableRows extends StoredRows {
  private readonly leaf: Buffer;
  private cells = 0;
  private cell = 0;
  private pointers = 0;
  private path: Level[] = [];
  private last: number | bigint | undefined;
  /** Behind the number that was read last. */
  private after = 0;

  /** @param root page of the table's tree. */
  constructor(
    file: PageFile,
    private readonly root: number,
  ) {
    super(file);
    this.leaf = Buffer.allocUnsafeSlow(file.pageSize);
  }

  /** Goes to before the first row whose rowid is not below. */
  seek(rowid: bigint): void {
    const { file } = this;
    this.path = [];
    this.forgetPages();
    this.last = undefined;
    let page = this.read(this.root);
    while (!page.isLeaf) page = this.read(this.descend(page, file.cellOf(page, rowid)));
    this.enter(page);
    this.cell = file.cellOf(page, rowid);
  }

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
    this.hold(leaf, start, here, bytes);
    return true;
  }

  private read(number: number): TreePage {
    this.countPages(1);
    return this.file.treePage(number);
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
}
