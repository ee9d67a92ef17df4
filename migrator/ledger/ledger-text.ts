/** The ledger as a person reads it. */
import type { ClientBase } from "pg";
import { rollBack, type Attempt, type LeftOut, type Notes } from "./ledger";

type Log = (line: string) => void;

/** Marks the last attempt as rolled back, and says what follows from it. */
export async function rollBackLast(client: ClientBase, log: Log): Promise<void> {
  const { attempt } = await rollBack(client);
  log(`attempt ${attempt} is marked rolled-back. The next cutover dumps the app's tables into the`);
  log("snapshots folder (rescued-attempt-N), and then replaces their rows with the source's.");
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
    for (const line of notesText(one.notes ?? {})) log(`  ${line}`);
    if (one.state === "confirmed" && one.sourceChanged !== null)
      log(`  WARNING: its source has changed since, first seen ${moment(one.sourceChanged)}`);
    if (one.rollback !== null)
      log(
        `  rollback ${one.rollback.kind}${one.rollback.kept === null ? "" : `  the source's old files ${one.rollback.kept}`}`,
      );
    if (one.rolledBack !== null) log(`  rolled back ${moment(one.rolledBack)}`);
    if (one.rescued !== null) log(`  rows that were replaced are kept in: ${one.rescued}`);
  }
}

/** The notes of a copy, a line each. */
export function notesText({
  unsetSequences = [],
  assumedUtc = 0,
  sampled = {},
  replacedRows = {},
  leftOut,
}: Notes): string[] {
  const utc = `${assumedUtc} texts without a time zone were read as UTC, in columns of type timestamp with time zone`;
  const samples = Object.entries(sampled).map(
    ([table, { rows, of, confidence }]) =>
      `${table}: a random sample of ${rows} of its ${of} rows was compared value by value. It finds a fault in one row of ` +
      `10,000 with a probability of ${(Math.floor(confidence * 10_000) / 100).toFixed(2)} %. --verify full compares every value`,
  );
  const replaced = Object.entries(replacedRows).map(([table, rows]) => `${table} (${rows})`);
  const seeds = `replaced rows of the target that the source lacks: ${replaced.join(", ")}`;
  return [
    ...(leftOut === undefined ? [] : leftOutText(leftOut)),
    ...(assumedUtc > 0 ? [utc] : []),
    ...samples,
    ...(replaced.length > 0 ? [seeds] : []),
    ...unsetText(unsetSequences),
  ];
}

function leftOutText({ tables, staysNull, materializedViews }: LeftOut): string[] {
  const views = materializedViews.map((view) => `REFRESH MATERIALIZED VIEW ${view}`).join("; ");
  return [
    ...Object.entries(tables).map(([table, why]) => `not copied: table ${table} (${why})`),
    ...staysNull.map((column) => `stays NULL: column ${column}, which the source does not have`),
    ...(views === "" ? [] : [`materialized views show old rows until they are refreshed: ${views}`]),
  ];
}

/** What to say of sequences that nobody could set. */
function unsetText(unset: readonly string[]): string[] {
  if (unset.length === 0) return [];
  return [
    `${unset.length} sequences belong to no column and keep the value that the app's schema gave them: ${unset.join(", ")}`,
    `  if a column takes its numbers from one of them, declare it with a rule: ${JSON.stringify({ kind: "sequence", sequence: unset[0], table: "TABLE", column: "COLUMN" })}`,
  ];
}
