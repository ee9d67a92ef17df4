/** The ledger as a person reads it. */
import type { ClientBase } from "pg";
import { rollBack, type Attempt } from "./ledger";

type Log = (line: string) => void;

/** Marks the last attempt as rolled back, and says what follows from it. */
export async function rollBackLast(client: ClientBase, log: Log): Promise<void> {
  const { attempt } = await rollBack(client);
  log(`attempt ${attempt} is marked rolled-back. The next cutover dumps what the app's tables hold into the`);
  log("snapshots folder (rescued-attempt-N), and then replaces it by the source's rows.");
}

export function describeAttempts(all: readonly Attempt[], log: Log): void {
  if (all.length === 0) log("no attempt is recorded in this database");
  const moment = (date: Date | null) => date?.toISOString().replace(/\.\d+/, "") ?? "-";
  for (const one of all) {
    log(`attempt ${one.attempt} of ${one.service}: ${one.state}`);
    log(`  started ${moment(one.started)}  copied ${moment(one.copied)}  confirmed ${moment(one.confirmed)}`);
    log(`  rows ${one.rows ?? "-"}  snapshot ${one.snapshot ?? "-"}`);
    if (one.roundedFractions) log(`  fractions of a second rounded to microseconds: ${one.roundedFractions}`);
    for (const { rule, applied } of one.rules ?? [])
      log(`  applied ${applied} times: ${JSON.stringify(rule)}`);
    for (const line of unsetText(one.notes?.unsetSequences ?? [])) log(`  ${line}`);
    if (one.rolledBack !== null) log(`  rolled back ${moment(one.rolledBack)}`);
    if (one.rescued !== null) log(`  what its tables held when it was replaced: ${one.rescued}`);
  }
}

/** What to say of sequences that nobody could set. */
export function unsetText(unset: readonly string[]): string[] {
  if (unset.length === 0) return [];
  return [
    `${unset.length} sequences follow no column that the schema names, and stay where the app's schema left them: ${unset.join(", ")}`,
    `  if the app takes the numbers of a column from one, say so by a rule: ${JSON.stringify({ kind: "sequence", sequence: unset[0], table: "TABLE", column: "COLUMN" })}`,
  ];
}
