import { identifier } from "../base/quoting";
import { largeRows, type Value } from "./large-rows";
import type { TablePlan } from "./copy-plan";
import type { RowForm } from "./row-form";
import { added, type Range, type SourceRow, type SqliteDatabase } from "../sqlite/sqlite-database";
import { encoded, type Encoded } from "../sqlite/record-value";
import type { SourceTable } from "../sqlite/source-table";
import type { StoredRows } from "../sqlite/stored-rows";
import type { Storage } from "../sqlite/storage";
import type { ColumnConverter } from "../values/convert";
import { Misfit, type Tally } from "../values/misfit";
import { type FastColumn, Transcoder } from "../values/transcode";

/** Rows of a page at the most: enough that a statement for each page costs nothing. */
const pageRows = 1024;
/** Bytes of values in a page at the most; a row that has more is a page of its own, and its large values are not held. */
const pageBytes = 2 << 20;
/** Bytes of COPY after which a page ends that is read the short way. */
const fastBytes = 1 << 17;
const nothing: Tally = { assumedUtc: 0, roundedFractions: 0 };
const [lowestRowid, highestRowid] = [-(2n ** 63n), 2n ** 63n - 1n];

/** Some rows of a table, few enough for memory. */
export interface Page {
  /** All of its rows in COPY's binary form, if every value is of the usual kind. */
  readonly tuples: Buffer | undefined;
  /** What was done without a rule in these. */
  readonly tally: Tally;
  /** Where they are; `undefined` where rows have no rowid that could be asked for. */
  readonly range: Range | undefined;
  /** Its rows one by one, for the converters. */
  readonly rows: () => Generator<SourceRow<Value>>;
}

/** What is known of the rows in a range. */
interface Extent {
  readonly rows: number;
  readonly lastRowid: bigint;
}

/** Rows that were read without SQLite. */
interface FastRead extends Pick<Extent, "rows"> {
  readonly tuples: Buffer;
  readonly tally: Tally;
  readonly isLast: boolean;
}

/**
 * Reads a table page by page, every row once.
 * @param form in which rows are wanted: only for the binary form are they read the short way.
 */
export function* pages(source: SqliteDatabase, plan: TablePlan, form: RowForm): Generator<Page> {
  const table = plan.source;
  const names = plan.columns.map((column) => column.source);
  if (table.rowid === undefined) {
    yield* oneAfterTheOther(source, plan, form);
    return;
  }
  const readFast = form === "binary" ? fastReader(source, plan) : undefined;
  const measure = measurer(source, plan, table.rowid);
  const readLarge = largeRows(source, plan);
  let range: Range = { from: lowestRowid, rows: pageRows };
  for (;;) {
    const fast = readFast?.(range.from);
    if (fast !== undefined) {
      const { rows, lastRowid, tuples, tally, isLast } = fast;
      const whole = { from: range.from, rows };
      if (rows > 0) yield { tuples, tally, range: whole, rows: () => source.rows(table, names, whole) };
      if (isLast || lastRowid === highestRowid) return;
      range = { from: lastRowid + 1n, rows: pageRows };
      continue;
    }
    const { rows, lastRowid, bytes, largest } = measure(range);
    if (largest * range.rows > pageBytes && range.rows > 1) {
      range = { ...range, rows: Math.max(1, Math.floor(pageBytes / largest)) };
      continue;
    }
    if (rows > 0) {
      const { ...whole } = range;
      yield {
        tuples: undefined,
        tally: nothing,
        range: whole,
        rows: () => (largest > pageBytes ? readLarge(whole) : source.rows(table, names, whole)),
      };
    }
    if (rows < range.rows || lastRowid === highestRowid) return;
    range = {
      from: lastRowid + 1n,
      rows: bytes < pageBytes / 16 ? Math.min(pageRows, 2 * range.rows) : range.rows,
    };
  }
}

/** Reads a table whose rows cannot be found again: once one needs more than itself, the rest is one page. */
function* oneAfterTheOther(source: SqliteDatabase, plan: TablePlan, form: RowForm): Generator<Page> {
  const { source: table, columns } = plan;
  const names = columns.map((column) => column.source);
  let done = 0;
  if (form === "binary") {
    const readFast = treeReader(source, plan);
    for (let read = readFast(); read !== undefined; read = readFast()) {
      const { tuples, tally, rows, isLast } = read;
      const before = done;
      const again = () => some(source.rows(table, names, undefined, before), rows);
      if (rows > 0) yield { tuples, tally, range: undefined, rows: again };
      done += rows;
      if (isLast) return;
    }
  }
  yield {
    tuples: undefined,
    tally: nothing,
    range: undefined,
    rows: () => source.rows(table, names, undefined, done),
  };
}

function* some<T>(all: Iterable<T>, count: number): Generator<T> {
  if (count === 0) return;
  for (const one of all) {
    yield one;
    if (--count === 0) return;
  }
}

/** Reads the rows from a rowid on out of the file itself; none of them when one has a value that needs more than itself. */
function fastReader(
  source: SqliteDatabase,
  plan: TablePlan,
): (from: bigint) => (FastRead & Pick<Extent, "lastRowid">) | undefined {
  const row = source.records.rows(plan.source.root);
  const read = pageReader(source, plan, row);
  let next: bigint | undefined;
  return (from) => {
    if (next !== from) row.seek(from);
    next = undefined;
    const found = read();
    if (found === undefined) return undefined;
    const lastRowid = found.rows === 0 ? from : BigInt(row.rowid);
    next = lastRowid + 1n;
    return { ...found, lastRowid };
  };
}

/** The same, one page behind the other. */
function treeReader(source: SqliteDatabase, plan: TablePlan): () => FastRead | undefined {
  const { root, tree } = plan.source;
  if (tree === "index") return pageReader(source, plan, source.records.rowsByKey(root));
  const row = source.records.rows(root);
  row.seek(lowestRowid);
  return pageReader(source, plan, row);
}

/** @param row that goes through the table */
function pageReader(
  source: SqliteDatabase,
  { source: table, columns }: TablePlan,
  row: StoredRows,
): () => FastRead | undefined {
  const fastColumns = columns.map(({ source: name, target, converter }): FastColumn => {
    const { place, isRowid, isReal } = table.columns.find((one) => one.name === name)!;
    return {
      transcoder: converter.fastPath!,
      convert: inPlace(converter),
      nullable: !target.notNull,
      place: place!,
      isRowid,
      isReal,
    };
  });
  const rules = columns.flatMap(({ converter }) => converter.rules ?? []);
  const transcoder = new Transcoder(fastColumns, addedValues(source, table));
  const { tuples } = transcoder;
  return () => {
    tuples.reset();
    const uncount = rules.map((some) => some.mark());
    let rows = 0;
    let isLast = false;
    while (rows < pageRows && tuples.end < fastBytes && !isLast) {
      if (!row.next()) isLast = true;
      else if (isAdded()) rows++;
      else {
        // The rows are read again, and counted then.
        for (const back of uncount) back();
        return undefined;
      }
    }
    const { assumedUtc, roundedFractions } = tuples;
    return { rows, tuples: tuples.bytes(), tally: { assumedUtc, roundedFractions }, isLast };
  };

  function isAdded(): boolean {
    try {
      return transcoder.add(row);
    } catch (error) {
      if (error instanceof Misfit) return false;
      throw error;
    }
  }
}

/** How a value that is not of the usual kind becomes a field, where that needs nothing but the value. */
function inPlace({ byServer, convert, instead }: ColumnConverter): FastColumn["convert"] {
  if (byServer) return undefined;
  return (storage, value, tally) => {
    try {
      return convert(storage, value, tally);
    } catch (error) {
      const constant = error instanceof Misfit ? instead?.() : undefined;
      if (typeof constant === "string") return constant;
      throw error;
    }
  };
}

/** Values of rows that were written before their column was added: one for each column, and SQLite knows it. */
function addedValues(
  source: SqliteDatabase,
  table: SourceTable,
): (rowid: bigint, column: FastColumn) => Encoded | undefined {
  if (table.rowid === undefined) return () => undefined;
  const known = new Map<FastColumn, Encoded>();
  return (rowid, column) => {
    const found = known.get(column);
    if (found !== undefined) return found;
    const { name } = table.columns.find(({ place }) => place === column.place)!;
    const [row] = source.rows(table, [name], { from: rowid, rows: 1 });
    const added = encoded(row!.values[0]!, row!.storages as Storage);
    known.set(column, added);
    return added;
  };
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
