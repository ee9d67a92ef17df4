import { isUtf8 } from "node:buffer";
import { identifier } from "../base/quoting";
import { largeRows, type Value } from "./large-rows";
import type { TablePlan } from "./copy-plan";
import { added, type Range, type SourceRow, type SqliteDatabase } from "../sqlite/sqlite-database";
import { jsonOf, type FastColumn } from "../values/fast-path";
import { Transcoder } from "../values/transcode";

/** Rows of a page at the most: enough that a statement for each page costs nothing. */
const pageRows = 1024;
/** Bytes of values in a page at the most; a row that has more is a page of its own, and its large values are not held. */
const pageBytes = 2 << 20;
/** JSON may be so many times as large as its values: a blob's is twice. */
const jsonGrowth = 2;
const [lowestRowid, highestRowid] = [-(2n ** 63n), 2n ** 63n - 1n];
/** SQLite's functions take 127 arguments. */
const mostFastColumns = 127;

/** Some rows of a table, few enough for memory. */
export interface Page {
  /** All of its rows as COPY lines, if every value is of the usual kind. */
  readonly lines: Buffer | undefined;
  /** Among the lines, texts without a zone that were read as UTC. */
  readonly assumedUtc: number;
  /** Where they are; `undefined` for a whole table. */
  readonly range: Range | undefined;
  /** Its rows one by one, for the converters. */
  readonly rows: () => Generator<SourceRow<Value>>;
}

/** What is known of the rows in a range. */
interface Extent {
  readonly rows: number;
  readonly lastRowid: bigint;
}

type FastRead = Extent & Pick<Page, "lines" | "assumedUtc">;

interface FastReader {
  (range: Range): FastRead;
  /** Has SQLite begin with a range that is read next. */
  ahead(range: Range): void;
}

/** Reads a table page by page, every row once. What cannot be read by its rowid is one page. */
export function* pages(source: SqliteDatabase, plan: TablePlan): Generator<Page> {
  const table = plan.source;
  const names = plan.columns.map((column) => column.source);
  if (table.rowid === undefined) {
    yield { lines: undefined, assumedUtc: 0, range: undefined, rows: () => source.rows(table, names) };
    return;
  }
  const readFast = fastReader(source, plan, table.rowid);
  const measure = measurer(source, plan, table.rowid);
  const readLarge = largeRows(source, plan);
  let range: Range = { from: lowestRowid, rows: pageRows };
  for (;;) {
    const fast = readFast?.(range);
    const measured = fast?.lines === undefined ? measure(range) : undefined;
    if (measured !== undefined && measured.largest * range.rows > pageBytes && range.rows > 1) {
      range = { ...range, rows: Math.max(1, Math.floor(pageBytes / measured.largest)) };
      continue;
    }
    const { rows, lastRowid } = (fast ?? measured)!;
    const isLast = rows < range.rows || lastRowid === highestRowid;
    const bytes = fast?.lines?.length ?? measured?.bytes ?? 0;
    const following = (): Range => ({
      from: lastRowid + 1n,
      rows: bytes < pageBytes / 16 ? Math.min(pageRows, 2 * range.rows) : range.rows,
    });
    if (fast?.lines !== undefined && !isLast) readFast?.ahead(following());
    if (rows > 0) {
      const { ...whole } = range;
      const isLarge = measured !== undefined && measured.largest > pageBytes;
      yield {
        lines: fast?.lines,
        assumedUtc: fast?.assumedUtc ?? 0,
        range: whole,
        rows: () => (isLarge ? readLarge(whole) : source.rows(table, names, whole)),
      };
    }
    if (isLast) return;
    range = following();
  }
}

/** Reads the lines of a range; `undefined` for a table with a column that has no usual kind. */
function fastReader(
  source: SqliteDatabase,
  { source: table, columns }: TablePlan,
  rowid: string,
): FastReader | undefined {
  if (columns.length === 0 || columns.length > mostFastColumns) return undefined;
  // What SQLite computes on reading may be JSON by its subtype: it would be written as JSON, and not as the text that it is.
  const computed = new Set(table.columns.flatMap(({ name, place }) => (place === undefined ? [name] : [])));
  const fastColumns: FastColumn[] = [];
  for (const { source: name, target, converter } of columns) {
    if (converter.fastPath === undefined || target.generated || computed.has(name)) return undefined;
    fastColumns.push({ ...converter.fastPath, name: identifier(name), nullable: !target.notNull });
  }
  const ask = source.asking(
    table,
    "count(*), max(id), CAST(group_concat(json, '') FILTER (WHERE octet_length(json) <= :bytes) AS BLOB)",
    `${identifier(rowid)} AS id, ${jsonOf(fastColumns, pageBytes)} AS json`,
  );
  const transcoder = new Transcoder(fastColumns);
  const limit = (range: Range) => ({ bytes: jsonGrowth * (pageBytes / range.rows) });
  const read = (range: Range): FastRead => {
    const [count, last, json] = ask(range, limit(range));
    const rows = Number(count);
    const isText = Buffer.isBuffer(json) && isUtf8(json);
    const lines = isText ? transcoder.lines(json, rows) : undefined;
    return { rows, lastRowid: last as bigint, lines, assumedUtc: transcoder.assumedUtc };
  };
  return Object.assign(read, { ahead: (range: Range) => ask.ahead(range, limit(range)) });
}

/** Finds how large the values in a range are. */
function measurer(
  source: SqliteDatabase,
  { source: table, columns }: TablePlan,
  rowid: string,
): (range: Range) => Extent & { bytes: number; largest: number } {
  const sizes = columns.map((column) => `coalesce(octet_length(${identifier(column.source)}), 0)`);
  const ask = source.asking(
    table,
    "count(*), max(id), total(size), max(size)",
    `${identifier(rowid)} AS id, ${added(sizes)} AS size`,
  );
  return (range) => {
    const [rows, last, bytes, largest] = ask(range);
    return {
      rows: Number(rows),
      lastRowid: last as bigint,
      bytes: Number(bytes),
      largest: Number(largest),
    };
  };
}
