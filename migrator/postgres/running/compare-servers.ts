import {
  differenceReport,
  sinceCopy,
  type CompareReport,
  type TableComparison,
} from "../../moves/compare-report";
import { tablesOf, type Table } from "../catalog";
import { shortName } from "../copy-database";
import { qualifyNames } from "../origin";
import { definitionsApart, rowsApart, sequencesApart } from "../proof";
import { sumOf } from "../sums";
import type { TableRecord } from "../../ledger/ledger";
import type { Run } from "../../server/run";
import type { Client } from "pg";
import type { RunningServer } from "./running-server";

/**
 * Holds a running source against the target: every definition by content; every table by count and checksum; every sequence.
 * Writes nothing.
 * @throws Refused when somebody uses the source, Failed when a server fails.
 */
export async function compareServers(run: Run, source: RunningServer): Promise<CompareReport> {
  await source.requireOther();
  const target = await run.session();
  const since = await sinceCopy(target);
  const { origin, tables, fingerprint } = await source.content();
  await target.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  await qualifyNames(target);
  const there = new Map((await tablesOf(target)).map((table) => [table.qualified, table]));
  const compared: TableComparison[] = [];
  for (const [table, record] of tables) {
    const difference = await differenceOf(target, table, record, there.get(table.qualified));
    run.log(difference ?? `${shortName(table)}: ${record.rows} rows, equal`);
    compared.push({ table: shortName(table), rows: record.rows, difference });
  }
  const { missing, changed } = await definitionsApart(origin.client, target);
  for (const name of missing) run.log(`not on both sides: ${name}`);
  for (const name of changed) run.log(`defined differently on the two sides: ${name}`);
  const sequences = await sequencesApart(origin.client, target);
  for (const [name, how] of sequences) run.log(`sequence ${name}: ${how}`);
  await target.query("ROLLBACK");
  return differenceReport(run, since, fingerprint, compared, [...sequences.keys()], missing, changed);
}

const namesOf = ({ columns }: Table) => columns.map(({ name }) => name).join();

async function differenceOf(
  target: Client,
  table: Table,
  record: TableRecord,
  other: Table | undefined,
): Promise<string | null> {
  if (other === undefined) return `table ${table.qualified}: not in the target`;
  if (namesOf(other) !== namesOf(table))
    return `table ${table.qualified}: it has other columns in the target than in the source`;
  return rowsApart(table, record, await sumOf(target, table));
}
