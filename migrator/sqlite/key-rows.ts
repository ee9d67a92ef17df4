/** The rows of a table without a rowid as they lie in the file, one behind the other, in the order of its primary key. */
import { mostLevels, type PageFile } from "./page-file";
import { pageNumberBytes, StoredRows } from "./stored-rows";

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
export class KeyRows extends StoredRows {
  private readonly path: Level[] = [];
  /** Pages that are no longer needed. */
  private readonly spare: Buffer[] = [];

  /** @param root page of the table's tree. */
  constructor(file: PageFile, root: number) {
    super(file);
    this.enter(root);
  }

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
    this.countPages(1);
    if (path.length >= mostLevels) throw file.damaged("a table's tree is too deep");
    const { bytes, isLeaf, cells, pointers } = file.treePage(number, "index");
    const page = this.spare.pop() ?? Buffer.allocUnsafeSlow(file.pageSize);
    bytes.copy(page);
    path.push({ page, isLeaf, cells, pointers, at: 0, isRead: false });
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
    this.hold(page, start, here, bytes);
  }
}
