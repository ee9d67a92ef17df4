import { identifier } from "../base/quoting";
import { Refused } from "../base/errors";
import type { TablePlan } from "./copy-plan";
import type { Stored } from "../sqlite/records";
import {
  concatenated,
  describeKey,
  type Range,
  type SourceRow,
  type SqliteDatabase,
} from "../sqlite/sqlite-database";
import type { Raw } from "../sqlite/storage";

/** A value as read: one that is too large to be held is left where it is. */
export type Value = Raw | Stored;

/** Whether a value was left where it is. */
export function isStored(value: Value | undefined): value is Stored {
  return typeof value === "object" && value !== null && !Buffer.isBuffer(value);
}

/** Reads single rows of a table that has a rowid, without the large values that the columns' converters take in pieces. */
export function largeRows(
  source: SqliteDatabase,
  { source: table, columns }: TablePlan,
): (range: Range) => Generator<SourceRow<Value>> {
  const planned = columns.map(({ source: name, converter }) => {
    const place = table.columns.find((column) => column.name === name)?.place;
    return { name, place, least: place === undefined ? undefined : converter.large.least };
  });
  const values = planned.map(({ name: plain, least }) => {
    const name = identifier(plain);
    const whole = `WHEN typeof(${name}) = 'text' THEN CAST(${name} AS BLOB) ELSE ${name} END`;
    if (least === undefined) return `CASE ${whole}`;
    // The number of bytes, which SQLite knows without the value, in the place of the value.
    return `CASE WHEN typeof(${name}) IN ('text', 'blob') AND octet_length(${name}) >= ${least} THEN octet_length(${name}) ${whole}`;
  });
  const storages = concatenated(planned.map(({ name }) => `substr(typeof(${identifier(name)}), 1, 1)`));
  const rowid = identifier(table.rowid ?? "rowid");
  const ask = source.asking(table, "*", [rowid, storages, ...values].join(", "));
  return function* (range) {
    const [id, letters, ...found] = ask({ ...range, rows: 1 }) as [bigint, string, ...Raw[]];
    const stored = (value: Raw, index: number): Value => {
      const isLarge = "tb".includes(letters[index]!) && typeof value === "bigint";
      return isLarge ? storedAt(id, planned[index]!.place!, letters[index]!, value) : value;
    };
    yield {
      storages: letters,
      values: found.map(stored),
      key: () => describeKey(table.key, [id], 1),
    };
  };

  /** @throws Refused when SQLite and its file do not agree */
  function storedAt(id: bigint, place: number, storage: string, bytes: bigint): Stored {
    const stored = source.records.value(table.root, id, place);
    if (stored?.storage === storage && BigInt(stored.bytes) === bytes) return stored;
    throw new Refused(
      `table ${table.name}, ${describeKey(table.key, [id], 1)}: SQLite reports ${bytes} bytes, but the file differs: it is corrupt`,
    );
  }
}
