/** What the rows of a table have in common as they lie in the file, whichever tree they are in. */
import type { PageFile } from "./page-file";

/** Bytes of a record that is put together from several pages at the most. */
const mostBytes = 2 << 20;

/** Of a page below, and of the next where a row goes on. */
export const pageNumberBytes = 4;

/** A place among the rows of a table, one behind the other. */
export abstract class StoredRows {
  /** A bigint where a number would not be exact; 0 in a table without. */
  rowid: number | bigint = 0;
  /** Its record is in these bytes, until the next row; `undefined` for one that is too large to be held. */
  record: Buffer | undefined;
  start = 0;
  end = 0;

  /** Pages that were read, those with the rest of a row among them: a table has no page twice. */
  private pages = 0;
  private large = Buffer.alloc(0);

  constructor(protected readonly file: PageFile) {}

  /**
   * Goes to the next row.
   * @returns `false` when there is none.
   * @throws Refused when the file is damaged.
   */
  abstract next(): boolean;

  /** Begins to count pages anew. */
  protected forgetPages(): void {
    this.pages = 0;
  }

  protected countPages(more: number): void {
    const { file } = this;
    this.pages += more;
    if (this.pages * file.pageSize > file.fileBytes)
      throw file.damaged("a table has more pages than the file");
  }

  /** Takes a record of so many bytes, `here` of which lie in its page. */
  protected hold(page: Buffer, start: number, here: number, bytes: number): void {
    if (here === bytes) this.set(page, start, bytes);
    else if (bytes > mostBytes) this.record = undefined;
    else {
      this.countPages(Math.ceil((bytes - here) / (this.file.usable - pageNumberBytes)));
      if (this.large.length < bytes) this.large = Buffer.allocUnsafeSlow(Math.min(mostBytes, 2 * bytes));
      this.file.gather(this.large, page, start, here, bytes);
      this.set(this.large, 0, bytes);
    }
  }

  private set(record: Buffer, start: number, bytes: number): void {
    this.record = record;
    this.start = start;
    this.end = start + bytes;
  }
}
