/** A move that a person runs, without a job: for SQLite, the app has built its schema already. */
import type { Client } from "pg";
import { Refused } from "../base/errors";
import { begin } from "../ledger/ledger";
import type { SqliteFile } from "../job/config";
import { decideMove, moveSqlite, reportOf, rescueOf, type MigrateReport, type Moving } from "./attempt";
import { openCopy } from "./open-copy";
import { leftOutOf } from "../copy/left-out";
import { planCopy } from "../copy/copy-plan";
import { heldRows, replacedRows, requireNoRecord, requireNothingOwn } from "../copy/held";
import { readAll } from "../copy/read-all";
import { countRuleUses } from "../copy/rule-uses";
import { sequencesOf } from "../copy/sequences";
import { notesText } from "../ledger/ledger-text";
import type { Run } from "../server/run";
import { dryRunRunning, moveRunning, requireReady } from "../postgres/running/move-running";
import type { RunningSource } from "../postgres/running/running-source";

/** What a person can have moved. */
export type SourceByHand = SqliteFile | RunningSource;

/**
 * Moves a source into the target as a job does. The rows that the target holds are emptied by the copy's own transaction and
 * not before, so that whatever fails leaves them.
 * @param replace rows that the target holds and the source has not are dumped into the snapshots and replaced; without it
 * they are not touched.
 * @throws Refused or Failed, saying what is left.
 */
export async function moveByHand(
  run: Run,
  moving: Moving<SourceByHand>,
  replace: boolean,
): Promise<MigrateReport> {
  const { service, source } = moving;
  if (source.kind === "server") await source.requireOther();
  const { client, last, decision } = await decideMove(run, moving, { byHand: true });
  if (decision.act !== "copy") return reportOf(run, service, last?.attempt ?? 0, "skipped");
  const attempt = (last?.attempt ?? 0) + 1;
  const rescue = decision.rescue ? rescueOf(moving, attempt) : undefined;
  if (source.kind === "server") {
    if (rescue !== undefined && !replace) throw heldByTarget(moving);
    await requireReady(run, source, client);
  } else if (rescue !== undefined && !replace) await requireReplaceable(run, client, { ...moving, source });
  await begin(client, { number: attempt, service, allocation: undefined });
  const moved =
    source.kind === "server"
      ? await moveRunning(run, client, { ...moving, source }, attempt, rescue)
      : await moveSqlite(
          run,
          client,
          { ...moving, source },
          attempt,
          replace && rescue !== undefined ? { rescue } : { same: moving },
          () => Promise.resolve(),
        );
  return reportOf(run, service, attempt, "verified", moved);
}

const heldByTarget = ({ snapshots }: Moving<SourceByHand>) =>
  new Refused(
    `the app's tables in the target hold rows: --replace dumps them into ${snapshots} first, and replaces them`,
  );

/** That nothing is replaced which is not in the source as well, before anything is written down. */
async function requireReplaceable(run: Run, client: Client, moving: Moving): Promise<void> {
  const { source } = await openCopy(run, moving.source.file);
  try {
    const plans = await planCopy(client, source, moving);
    const held = await heldRows(client, await run.session(), source, plans, moving.rules);
    requireNoRecord(held, moving.rules);
    requireNothingOwn(held, moving.snapshots);
  } finally {
    source.close();
  }
}

/**
 * Does what the move would do, and writes nothing, neither rows nor ledger nor snapshot. What only a write would show, it
 * cannot tell: keys and constraints that rows break.
 * @param replace as for the move.
 * @throws Refused for what the move would refuse.
 */
export async function dryRun(
  run: Run,
  moving: Moving<SourceByHand>,
  replace: boolean,
): Promise<MigrateReport> {
  const { service } = moving;
  if (moving.source.kind === "server") await moving.source.requireOther();
  const { client, last, decision } = await decideMove(run, moving, { byHand: true, dry: true });
  if (decision.act !== "copy") return reportOf(run, service, last?.attempt ?? 0, "skipped");
  if (moving.source.kind === "server") {
    if (decision.rescue && !replace) throw heldByTarget(moving);
    return dryRunRunning(run, client, { ...moving, source: moving.source });
  }
  const { source } = await openCopy(run, moving.source.file);
  const plans = await planCopy(client, source, moving);
  const helper = await run.session();
  const tables = await readAll(source, plans, helper, run.log);
  const held = await heldRows(client, helper, source, plans, moving.rules);
  requireNoRecord(held, moving.rules);
  if (!replace) requireNothingOwn(held, moving.snapshots);
  const { unset: unsetSequences } = await sequencesOf(client, plans, moving.rules);
  const sum = (of: (table: (typeof tables)[number]) => number) =>
    tables.reduce((total, table) => total + of(table), 0);
  const notes = {
    leftOut: await leftOutOf(helper, source, plans, moving),
    unsetSequences,
    replacedRows: replacedRows(held),
    assumedUtc: sum(({ tableSum }) => tableSum.assumedUtc),
  };
  for (const line of notesText(notes)) run.log(line);
  return reportOf(run, moving.service, 0, "dry-run", {
    rows: sum(({ tableSum }) => tableSum.checksum.rows),
    bytes: sum(({ bytes }) => bytes),
    roundedFractions: sum(({ tableSum }) => tableSum.roundedFractions),
    rules: countRuleUses(moving.rules, plans, source),
    tables: Object.fromEntries(
      tables.map(({ plan, tableSum }) => [
        plan.target.name,
        { rows: tableSum.checksum.rows, checksum: tableSum.checksum.toString() },
      ]),
    ),
    notes,
    snapshot: null,
  });
}
