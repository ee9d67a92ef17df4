/** The rows of a table without a rowid as they lie in the file, one behind the other, in the order of its primary key. */
import { mostLevels, type PageFile } from "./page-file";
import { mostBytes, type StoredRow } from "./table-rows";

/** Of the page below, before an interior page's cell; and of the next, where a row goes on. */
const pageNumberBytes = 4;

/** A page that is being read, held, since the file's own window moves on. */
interface Level {
  readonly page: Buffer;
  readonly isLeaf: boolean;
  readonly cells: number;
  readonly pointers: number;
  /** The next cell. */
  at: number;
  /** Whether the page below, whose rows come before the next cell, has been read. An interior page's. */
  isRead: boolean;
}

/** A place among the rows. */
export class KeyRows implements StoredRow {
  readonly rowid = 0;
  record: Buffer | undefined;
  start = 0;
  end = 0;

  private readonly path: Level[] = [];
  /** Pages that were read, those with the rest of a row among them: a table has no page twice. */
  private pages = 0;
  /** Pages that are no longer needed. */
  private readonly spare: Buffer[] = [];
  private large = Buffer.alloc(0);

  /** @param root page of the table's tree. */
  constructor(
    private readonly file: PageFile,
    root: number,
  ) {
    this.enter(root);
  }

  /**
   * Goes to the next row.
   * @returns `false` when there is none.
   * @throws Refused when the file is damaged.
   */
  next(): boolean {
    for (let level = this.path.at(-1); level !== undefined; level = this.path.at(-1)) {
      if (!level.isLeaf && !level.isRead) {
        level.isRead = true;
        this.enter(this.file.childOf({ ...level, bytes: level.page }, level.at));
      } else if (level.at < level.cells) {
        this.take(level);
        level.at++;
        level.isRead = false;
        return true;
      } else this.spare.push(this.path.pop()!.page);
    }
    return false;
  }

  private enter(number: number): void {
    const { file, path } = this;
    this.count(1);
    if (path.length >= mostLevels) throw file.damaged("a table's tree is too deep");
    const { bytes, isLeaf, cells, pointers } = file.treePage(number, "index");
    const page = this.spare.pop() ?? Buffer.allocUnsafeSlow(file.pageSize);
    bytes.copy(page);
    path.push({ page, isLeaf, cells, pointers, at: 0, isRead: false });
  }

  private count(pages: number): void {
    const { file } = this;
    this.pages += pages;
    if (this.pages * file.pageSize > file.fileBytes)
      throw file.damaged("a table has more pages than the file");
  }

  /** Finds the record of a cell. */
  private take({ page, isLeaf, pointers, at }: Level): void {
    const { file } = this;
    let start = page.readUInt16BE(pointers + 2 * at) + (isLeaf ? 0 : pageNumberBytes);
    let bytes = 0;
    for (let byte = 0x80; byte >= 0x80;) {
      if (start >= file.usable || bytes > file.fileBytes)
        throw file.damaged("a number goes past its page or its record");
      byte = page[start++]!;
      bytes = bytes * 128 + (byte & 0x7f);
    }
    const here = file.bytesInPage(bytes, "index");
    if (start + here > file.usable) throw file.damaged("a record goes past its page");
    if (here === bytes) {
      this.record = page;
      this.start = start;
      this.end = start + bytes;
    } else this.gather(page, start, here, bytes);
  }

  private gather(page: Buffer, start: number, here: number, bytes: number): void {
    this.record = undefined;
    if (bytes > mostBytes) return;
    this.count(Math.ceil((bytes - here) / (this.file.usable - pageNumberBytes)));
    if (this.large.length < bytes) this.large = Buffer.allocUnsafeSlow(Math.min(mostBytes, 2 * bytes));
    this.file.gather(this.large, page, start, here, bytes);
    this.record = this.large;
    this.start = 0;
    this.end = bytes;
  }
}
