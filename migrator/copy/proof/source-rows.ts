/** Rows of SQLite as they are: of each value its `typeof` and itself. */
import { identifier } from "../../base/quoting";
import type { TablePlan } from "../copy-plan";
import { concatenated, describeKey, type SqliteDatabase } from "../../sqlite/sqlite-database";
import type { Raw } from "../../sqlite/storage";
import { leastHashed } from "./target-value";

/** A text or blob that is not held: its bytes come a piece at a time. */
export interface Large {
  readonly pieces: () => Iterable<Buffer>;
}

export interface SourceRow {
  readonly storages: string;
  /** In the order of the columns, with others behind them. */
  readonly values: readonly (Raw | Large)[];
  /** Says which row it is, for a person. */
  readonly key: () => string;
}

export const isLarge = (value: Raw | Large): value is Large =>
  typeof value === "object" && value !== null && !Buffer.isBuffer(value);

/**
 * Scans a table, and no index.
 * @param share of its rows that is read, each row with the same chance; 1 for all.
 */
export function* sourceRows(
  source: SqliteDatabase,
  { source: table, columns }: TablePlan,
  share: number,
): Generator<SourceRow> {
  const places = columns.map((column) => {
    const place = table.columns.find(({ name }) => name === column.source)?.place;
    // Without a rowid, or where SQLite computes it, a value is not found in the file: it is held.
    return table.rowid === undefined ? undefined : place;
  });
  const names = columns.map((column) => identifier(column.source));
  const storages = concatenated(names.map((name) => `substr(typeof(${name}), 1, 1)`));
  const values = names.map((name, index) => {
    const whole = (value: string) =>
      places[index] === undefined
        ? value
        : `CASE WHEN octet_length(${name}) >= ${leastHashed} THEN NULL ELSE ${value} END`;
    return `CASE typeof(${name}) WHEN 'text' THEN ${whole(`CAST(${name} AS BLOB)`)} WHEN 'blob' THEN ${whole(name)} ELSE ${name} END`;
  });
  // Whole numbers only: a text in a key may be a secret.
  const keys = table.rowid === undefined ? table.key : [];
  const key = keys.map(identifier).map((name) => `CASE typeof(${name}) WHEN 'integer' THEN ${name} END`);
  const id = table.rowid === undefined ? "NULL" : identifier(table.rowid);
  // SQLite's random numbers are whole ones of 64 bits.
  const most = BigInt(Math.round(share * 2 ** 53)) * 2n ** 11n - 2n ** 63n;
  const condition = share < 1 ? "random() < :most" : undefined;
  const answers = source.scan(table, [...values, storages, id, ...key], condition, { most });
  const count = columns.length;
  let position = 0;
  for (const answer of answers) {
    const place = ++position;
    const letters = answer[count] as unknown as string;
    const rowid = answer[count + 1] as bigint | null;
    // The row is used as it came: nothing is made for each value.
    const found: (Raw | Large)[] = answer;
    for (let index = 0; index < count; index++)
      if (found[index] === null && letters[index] !== "n")
        found[index] = { pieces: () => piecesOf(rowid!, places[index]!) };
    yield {
      storages: letters,
      values: found,
      key: rowid === null ? keyOf(answer.slice(count + 2), place) : rowKeyOf(rowid),
    };
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
