/** Samples of large tables that begin to be read before it is known what becomes of their values. */
import type { SqliteDatabase } from "../../sqlite/sqlite-database";
import { type Extent, sampleRows } from "./extent";
import { scan, type Scan } from "./source-rows";

/** What is held at the most. */
const mostBytes = 8 << 20;
/** What comes behind the last row has no more. */
const lastBytes = 100;

export class EarlySamples {
  private readonly scans = new Map<string, Scan>();

  constructor(
    private readonly source: SqliteDatabase,
    private readonly extent: Extent,
  ) {}

  /**
   * Reads the source while something else is waited for, and no longer.
   * @returns what `work` does
   */
  async during<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const end = () => (isOver = true);
    work.then(end, end);
    if (this.extent === "sample") await this.read(() => isOver);
    return await work;
  }

  /**
   * The sample of a table that has begun; it is taken once.
   * @param names of the columns that it has to have.
   */
  take(table: string, names: readonly string[]): Scan | undefined {
    const begun = this.scans.get(table);
    this.scans.delete(table);
    if (begun === undefined || names.every((name) => begun.names.includes(name))) return begun;
    begun.cursor.close();
    return undefined;
  }

  private async read(isOver: () => boolean): Promise<void> {
    let left = mostBytes;
    for (const table of this.source.tables()) {
      if (isOver() || left <= 0) return;
      // What SQLite computes may need what ours does not have.
      const stored = table.columns.filter(({ place, generated }) => place !== undefined && !generated);
      const count = this.source.count(table);
      if (count <= sampleRows || stored.length === 0) continue;
      const names = stored.map(({ name }) => name);
      const begun = scan(this.source, table, names, sampleRows / count);
      try {
        await begun.cursor.readAhead((bytes) => {
          left -= bytes;
          return !isOver() && left > 0 && bytes > lastBytes;
        });
        this.scans.set(table.name, begun);
      } catch {
        // It is read again when it is needed, and said then.
      }
    }
  }
}
