/** What a move of a SQLite file would do, without a write. */
import { notesText } from "../ledger/ledger-text";
import type { Copied } from "../ledger/ledger";
import type { Moving, Replacing } from "../moves/source";
import { planCopy, type CopyRules } from "./copy-plan";
import { heldRows, replacedRows, requireNoRecord, requireNothingOwn } from "./held";
import { leftOutOf } from "./left-out";
import { openCopy } from "./open-copy";
import { readAll } from "./read-all";
import { countRuleUses } from "./rule-uses";
import { sequencesOf } from "./sequences";

/** That nothing is replaced which is not in the source as well, before anything is written down. */
export async function requireReplaceable(
  { run, target: client, snapshots }: Moving,
  file: string,
  declared: CopyRules,
): Promise<void> {
  const { source } = await openCopy(run, file);
  try {
    const plans = await planCopy(client, source, declared);
    const held = await heldRows(client, await run.session(), source, plans, declared.rules);
    requireNoRecord(held, declared.rules);
    requireNothingOwn(held, snapshots);
  } finally {
    source.close();
  }
}

/**
 * Reads and converts everything. What only a write would show, it cannot tell: keys and constraints that rows break.
 * @throws Refused for what the move would refuse.
 */
export async function dryRun(
  { run, target: client, snapshots, replace }: Moving & Replacing,
  file: string,
  declared: CopyRules,
): Promise<Copied> {
  const { source } = await openCopy(run, file);
  const plans = await planCopy(client, source, declared);
  const helper = await run.session();
  const tables = await readAll(source, plans, helper, run.log);
  const held = await heldRows(client, helper, source, plans, declared.rules);
  requireNoRecord(held, declared.rules);
  if (!replace) requireNothingOwn(held, snapshots);
  const { unset: unsetSequences } = await sequencesOf(client, plans, declared.rules);
  const sum = (of: (table: (typeof tables)[number]) => number) =>
    tables.reduce((total, table) => total + of(table), 0);
  const notes = {
    leftOut: await leftOutOf(helper, source, plans, declared),
    unsetSequences,
    replacedRows: replacedRows(held),
    assumedUtc: sum(({ tableSum }) => tableSum.assumedUtc),
  };
  for (const line of notesText(notes)) run.log(line);
  return {
    rows: sum(({ tableSum }) => tableSum.checksum.rows),
    bytes: sum(({ bytes }) => bytes),
    roundedFractions: sum(({ tableSum }) => tableSum.roundedFractions),
    rules: countRuleUses(declared.rules, plans, source),
    tables: Object.fromEntries(
      tables.map(({ plan, tableSum }) => [
        plan.target.name,
        { rows: tableSum.checksum.rows, checksum: tableSum.checksum.toString() },
      ]),
    ),
    notes,
  };
}
