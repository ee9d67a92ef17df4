import { Failed } from "../base/errors";
import {
  differenceReport,
  sinceCopy,
  type CompareReport,
  type TableComparison,
} from "../moves/compare-report";
import type { Proof } from "../ledger/ledger";
import { notesText } from "../ledger/ledger-text";
import type { Run } from "../server/run";
import { planCopy, type CopyRules } from "./copy-plan";
import { leftOutOf } from "./left-out";
import { openCopy } from "./open-copy";
import type { Extent } from "./proof/extent";
import { Prover } from "./proof/prove";
import { readAll } from "./read-all";
import { sequencesBehind, sequencesOf } from "./sequences";
import { verify } from "./verify";

/**
 * Holds the source against the target, table by table, under the declared rules. Writes nothing.
 * @throws Refused when the source has values that do not fit, Failed when the server fails.
 */
export async function compareSqlite(
  run: Run,
  file: string,
  declared: CopyRules,
  extent: Extent,
): Promise<CompareReport> {
  const { source, fingerprint } = await openCopy(run, file);
  const client = await run.session();
  const helper = await run.session();
  const since = await sinceCopy(client);
  const plans = await planCopy(client, source, declared);
  const read = await readAll(source, plans, helper, () => undefined);
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  const tables: TableComparison[] = [];
  const prover = new Prover({ client, helper, source, rules: declared.rules, extent });
  for (const { plan, tableSum } of read) {
    let proof: Proof | undefined;
    const difference = await differenceOf(async () => {
      await verify(client, source, plan, tableSum);
      proof = await prover.prove(plan);
    });
    const one: TableComparison = { table: plan.target.name, rows: tableSum.checksum.rows, difference, proof };
    run.log(difference ?? `${one.table}: ${one.rows} rows, equal`);
    tables.push(one);
  }
  const leftOut = await leftOutOf(helper, source, plans, declared);
  const { unset: unsetSequences } = await sequencesOf(client, plans, declared.rules);
  for (const line of notesText({ leftOut, unsetSequences })) run.log(line);
  const behind = await sequencesBehind(client, plans, declared.rules);
  await client.query("ROLLBACK");
  for (const sequence of behind)
    run.log(`sequence ${sequence}: its next value is already in use (it would cause a duplicate key)`);
  return { ...differenceReport(run, since, fingerprint, tables, behind), leftOut, unsetSequences };
}

async function differenceOf(verification: () => Promise<void>): Promise<string | null> {
  try {
    await verification();
    return null;
  } catch (error) {
    if (error instanceof Failed) return error.message;
    throw error;
  }
}
