import type { Client } from "pg";
import { misfitLimit, refusal, type Offence } from "./offences";
import type { TablePlan } from "./copy-plan";
import { type RowForm, rowForm } from "./row-form";
import { Progress, type Log } from "../base/progress";
import { copyRows, newTableSum, type TableSum } from "./rows";
import type { SqliteDatabase } from "../sqlite/sqlite-database";

/** What a table of the source comes to, and how many bytes of it would be sent. */
export interface ReadTable {
  readonly plan: TablePlan;
  readonly tableSum: TableSum;
  readonly bytes: number;
}

/**
 * Reads and converts all tables as a copy does, and sends nothing.
 * @param helper a session in which the server reads values of types that we do not know.
 * @param formOf the form of COPY that a table is read and summed in.
 * @throws Refused naming the values that do not fit.
 */
export async function readAll(
  source: SqliteDatabase,
  plans: readonly TablePlan[],
  helper: Client,
  log: Log,
  formOf: (plan: TablePlan) => RowForm = rowForm,
): Promise<ReadTable[]> {
  const offences: Offence[] = [];
  const tables: ReadTable[] = [];
  for (const plan of plans) {
    const tableSum = newTableSum(offences);
    const progress = new Progress(plan.target.name, source.count(plan.source), log);
    let bytes = 0;
    for await (const chunk of copyRows(source, plan, helper, tableSum, formOf(plan))) {
      bytes += chunk.length;
      progress.add(tableSum.checksum.rows, chunk.length);
    }
    tables.push({ plan, tableSum, bytes });
    if (offences.length === 0) progress.end("read");
    if (offences.length >= misfitLimit) break;
  }
  if (offences.length > 0) throw refusal(offences);
  return tables;
}
