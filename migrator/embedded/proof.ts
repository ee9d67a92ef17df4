import type { ClientBase } from "pg";
import { Failed } from "../errors";
import type { TableRecord } from "../ledger";
import { censusOf, sequencesOf, tablesOf, type Table } from "./catalog";

const lanes = [1, 17, 33, 49];

/**
 * Count and checksum of a table, by the server itself: the sum of the SHA-256 of its rows, as four sums of 64 bits. A row is
 * what the server prints it as under our fixed settings. The order of the rows does not matter; one that is there twice
 * counts twice.
 */
export async function sumOf(client: ClientBase, { qualified, columns }: Table): Promise<TableRecord> {
  const sums = lanes.map(
    (lane) => `coalesce(sum(('x' || substr(h, ${lane}, 16))::bit(64)::bigint), 0)::text`,
  );
  const result = await client.query<{ rows: number; sums: string[] }>(`
    SELECT count(*)::float8 AS rows, ARRAY[${sums.join(", ")}] AS sums
    FROM (SELECT encode(sha256(convert_to(ROW(${columns.join(", ")})::text, 'UTF8')), 'hex') AS h FROM ONLY ${qualified}) t`);
  const { rows, sums: found } = result.rows[0]!;
  const checksum = found
    .map((sum) => BigInt.asUintN(64, BigInt(sum)).toString(16).padStart(16, "0"))
    .join("");
  return { rows, checksum };
}

/**
 * Holds the target against the source: what there is, by name; every table by count and checksum; every sequence.
 * @returns what is recorded of each table, by schema and name.
 * @throws Failed naming what differs.
 */
export async function prove(source: ClientBase, target: ClientBase): Promise<Map<Table, TableRecord>> {
  const [here, there] = await Promise.all([censusOf(source), censusOf(target)]);
  const odd = [...here, ...there].filter((one) => !here.has(one) || !there.has(one)).sort();
  if (odd.length > 0) throw new Failed(`not on both sides: ${odd.slice(0, 10).join("; ")}`);
  const records = new Map<Table, TableRecord>();
  for (const table of await tablesOf(source)) {
    const [expected, found] = await Promise.all([sumOf(source, table), sumOf(target, table)]);
    if (found.rows !== expected.rows) {
      throw new Failed(
        `table ${table.qualified}: ${expected.rows} rows in the source, ${found.rows} in the target`,
      );
    }
    if (found.checksum !== expected.checksum) {
      throw new Failed(
        `table ${table.qualified}: the target holds ${found.rows} rows as it should, but not the values of the source`,
      );
    }
    records.set(table, expected);
  }
  const [before, after] = [await sequencesOf(source), await sequencesOf(target)];
  for (const [name, state] of before) {
    if (after.get(name) !== state) {
      throw new Failed(
        `sequence ${name}: at ${state} in the source, at ${after.get(name) ?? "nothing"} in the target`,
      );
    }
  }
  return records;
}
