import type { Client } from "pg";
import { misfitLimit, refusal, type Offence } from "./offences";
import type { TablePlan } from "./plan";
import { Progress, type Log } from "../base/progress";
import { copyText, newReading, type Reading } from "./rows";
import type { SqliteSource } from "../sqlite/sqlite";

/** What a table of the source comes to, and how many bytes of it would be sent. */
export interface ReadTable {
  readonly plan: TablePlan;
  readonly reading: Reading;
  readonly bytes: number;
}

/**
 * Reads and converts all tables as a copy does, and sends nothing.
 * @param helper a session in which the server reads values of types that we do not know.
 * @throws Refused naming the values that do not fit.
 */
export async function readAll(
  source: SqliteSource,
  plans: readonly TablePlan[],
  helper: Client,
  log: Log,
): Promise<ReadTable[]> {
  const offences: Offence[] = [];
  const tables: ReadTable[] = [];
  for (const plan of plans) {
    const reading = newReading(offences);
    const progress = new Progress(plan.target.name, source.count(plan.source), log);
    let bytes = 0;
    for await (const chunk of copyText(source, plan, helper, reading)) {
      bytes += chunk.length;
      progress.add(reading.checksum.rows, chunk.length);
    }
    tables.push({ plan, reading, bytes });
    if (offences.length === 0) progress.end("read");
    if (offences.length >= misfitLimit) break;
  }
  if (offences.length > 0) throw refusal(offences);
  return tables;
}
