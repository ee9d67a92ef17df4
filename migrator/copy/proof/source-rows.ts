/** Rows of SQLite as they are: of each value its `typeof` and itself. */
import { identifier } from "../../base/quoting";
import type { Cursor } from "../../sqlite/confined/database";
import type { SourceTable } from "../../sqlite/source-table";
import type { TablePlan } from "../copy-plan";
import { concatenated, describeKey, either, type SqliteDatabase } from "../../sqlite/sqlite-database";
import type { Raw } from "../../sqlite/storage";
import { leastHashed } from "./target-value";

/** A text or blob that is not held: its bytes come a piece at a time. */
export interface Large {
  readonly pieces: () => Iterable<Buffer>;
}

export interface SourceRow {
  readonly storages: string;
  /** In the order of the plan's columns. */
  readonly values: readonly (Raw | Large)[];
  /** Says which row it is, for a person. */
  readonly key: () => string;
}

export const isLarge = (value: Raw | Large): value is Large =>
  typeof value === "object" && value !== null && !Buffer.isBuffer(value);

/** Rows of a table that are being read. */
export interface Scan {
  readonly cursor: Cursor;
  /** The names of the columns that are read. */
  readonly names: readonly string[];
  /** Of all rows, which each have the same chance. */
  readonly share: number;
}

/**
 * Begins to scan a table, and no index.
 * @param names of the columns that are read.
 * @param share of its rows that is read, each row with the same chance; 1 for all.
 */
export function scan(
  source: SqliteDatabase,
  table: SourceTable,
  names: readonly string[],
  share: number,
): Scan {
  const quoted = names.map(identifier);
  // Numbers come before texts, and texts before blobs, whatever they are: https://www.sqlite.org/datatype3.html#sort_order
  // That is quicker than to ask for the type of each.
  const isNumber = (name: string) => `${name} < '' COLLATE BINARY`;
  const isBlob = (name: string) => `${name} >= x''`;
  const isLarge = (name: string) => `octet_length(${name}) >= ${leastHashed}`;
  const values = quoted.map((name, index) => {
    const unheld = placeOf(table, names[index]!) === undefined ? "" : `WHEN ${isLarge(name)} THEN NULL `;
    return `CASE WHEN ${isNumber(name)} THEN ${name} ${unheld}ELSE CAST(${name} AS BLOB) END`;
  });
  // What a value is that came as bytes, or not at all, has to be said; else it can be seen, and bytes are a text's.
  const unclear = quoted.map(
    (name) => `(${name} >= '' COLLATE BINARY AND (${isBlob(name)} OR ${isLarge(name)}))`,
  );
  const letters = concatenated(quoted.map((name) => `substr(typeof(${name}), 1, 1)`));
  const storages = `CASE WHEN ${either(unclear)} THEN ${letters} END`;
  // Whole numbers only: a text in a key may be a secret.
  const keys = table.rowid === undefined ? table.key : [];
  const key = keys.map(identifier).map((name) => `CASE typeof(${name}) WHEN 'integer' THEN ${name} END`);
  const id = table.rowid === undefined ? "NULL" : identifier(table.rowid);
  // SQLite's random numbers are whole ones of 64 bits.
  const most = BigInt(Math.round(share * 2 ** 53)) * 2n ** 11n - 2n ** 63n;
  const condition = share < 1 ? "random() < :most" : undefined;
  const cursor = source.scan(table, [...values, storages, id, ...key], condition, { most });
  return { cursor, names, share };
}

/** The place of a column in the file; `undefined` without a rowid, or where SQLite computes it: a value is not found there. */
function placeOf(table: SourceTable, name: string): number | undefined {
  return table.rowid === undefined ? undefined : table.columns.find((one) => one.name === name)?.place;
}

/** What each value is, where no bytes are a blob's. */
function lettersOf(values: readonly Raw[], count: number): string {
  let letters = "";
  for (let place = 0; place < count; place++) {
    const value = values[place];
    letters += typeof value === "bigint" ? "i" : typeof value === "number" ? "r" : value === null ? "n" : "t";
  }
  return letters;
}

/** The rows of a scan, some at a time. */
export async function* sourceRows(
  source: SqliteDatabase,
  { source: table, columns }: TablePlan,
  { cursor, names, share }: Scan,
): AsyncGenerator<SourceRow[]> {
  const wanted = columns.map((column) => names.indexOf(column.source));
  const places = columns.map((column) => placeOf(table, column.source));
  const isAsRead = wanted.length === names.length && wanted.every((place, index) => place === index);
  const count = names.length;
  let position = 0;
  try {
    for await (const batch of cursor.batches()) yield (batch as Raw[][]).map(rowOf);
  } catch (error) {
    throw source.unreadable(table, error);
  }

  function rowOf(answer: Raw[]): SourceRow {
    const place = ++position;
    const said = (answer[count] as unknown as string | null) ?? lettersOf(answer, count);
    const rowid = answer[count + 1] as bigint | null;
    const key = rowid === null ? keyOf(answer.slice(count + 2), place) : rowKeyOf(rowid);
    // The row is used as it came, where it can be: nothing is made for each value.
    const values: (Raw | Large)[] = isAsRead ? answer : wanted.map((index) => answer[index]!);
    const storages = isAsRead ? said : wanted.map((index) => said[index]).join("");
    for (let index = 0; index < wanted.length; index++)
      if (values[index] === null && storages[index] !== "n")
        values[index] = { pieces: () => piecesOf(rowid!, places[index]!) };
    return { storages, values, key };
  }

  /** Holds no values: a row's may be asked for much later. */
  function rowKeyOf(rowid: bigint): () => string {
    return () => describeKey([table.rowid ?? "rowid"], [rowid], 0);
  }

  function keyOf(values: readonly Raw[], place: number): () => string {
    // The place in a random sample says nothing.
    const isNumber = values.length > 0 && values.every((one) => one !== null);
    return () => (!isNumber && share < 1 ? "one of its rows" : describeKey(table.key, values, place));
  }

  function piecesOf(rowid: bigint, place: number): Iterable<Buffer> {
    const stored = source.records.value(table.root, rowid, place);
    if (stored === undefined)
      throw new Error(`table ${table.name}: a large value is not where SQLite stores it`);
    return stored.pieces();
  }
}
