/** A move that a person runs, without a job: for SQLite, the app has built its schema already. */
import * as path from "node:path";
import { Refused } from "../base/errors";
import { begin } from "../ledger/ledger";
import type { SqliteFile } from "../job/config";
import { decideMove, moveSqlite, rescueRows, reportOf, type MigrateReport, type Moving } from "./attempt";
import { planCopy } from "../copy/copy-plan";
import { readAll } from "../copy/read-all";
import { countRuleUses } from "../copy/rule-uses";
import { sequencesOf, unsetText } from "../copy/sequences";
import type { Run } from "../server/run";
import { dryRunRunning, moveRunning, requireReady } from "../postgres/running/move-running";
import type { RunningSource } from "../postgres/running/running-source";
import { takeSnapshot } from "../sqlite/snapshot";
import { SqliteDatabase } from "../sqlite/sqlite-database";

/** What a person can have moved. */
export type SourceByHand = SqliteFile | RunningSource;

/**
 * Moves a source into the target as a job does. The rows that the target holds are emptied by the copy's own transaction and
 * not before, so that whatever fails leaves them.
 * @param replace rows that the target holds are dumped into the snapshots and replaced; without it they are not touched.
 * @throws Refused or Failed, saying what is left.
 */
export async function moveByHand(
  run: Run,
  moving: Moving<SourceByHand>,
  replace: boolean,
): Promise<MigrateReport> {
  const { service, source } = moving;
  if (source.kind === "server") await source.requireOther();
  const { client, last, decision } = await decideMove(run, moving, replace);
  if (decision.act !== "copy") return reportOf(run, service, last?.attempt ?? 0, "skipped");
  if (decision.rescue && !replace) {
    throw new Refused(
      `the app's tables in the target hold rows: --replace dumps them into ${moving.snapshots} first, and replaces them`,
    );
  }
  if (source.kind === "server") await requireReady(run, source, client);
  const attempt = (last?.attempt ?? 0) + 1;
  const rescued = decision.rescue ? await rescueRows(run, client, moving, attempt - 1) : undefined;
  await begin(client, {
    number: attempt,
    service,
    allocation: undefined,
    rescued: rescued && { ...rescued, tables: [] },
  });
  const moved =
    source.kind === "server"
      ? await moveRunning(run, client, { ...moving, source }, attempt)
      : await moveSqlite(run, client, { ...moving, source }, attempt, () => Promise.resolve());
  return reportOf(run, service, attempt, "verified", moved);
}

/** Copies the source where SQLite may open it, and opens it there. */
export async function openCopy(
  run: Run,
  file: string,
): Promise<{ source: SqliteDatabase; fingerprint: string }> {
  const snapshot = await takeSnapshot(file, path.join(run.scratch, "copy"), 0);
  return { source: SqliteDatabase.open(snapshot.file, file, run.scratch), fingerprint: snapshot.fingerprint };
}

/**
 * Reads and converts everything and writes nothing, neither rows nor ledger nor snapshot. What only a write would show, it
 * cannot tell: keys and constraints that rows break.
 * @throws Refused naming what does not fit.
 */
export async function dryRun(run: Run, moving: Moving<SourceByHand>): Promise<MigrateReport> {
  if (moving.source.kind === "server") return dryRunRunning(run, { ...moving, source: moving.source });
  const { source } = await openCopy(run, moving.source.file);
  const client = await run.session();
  await client.query("SET default_transaction_read_only = on");
  const plans = await planCopy(client, source, moving);
  const tables = await readAll(source, plans, client, run.log);
  const { unset: unsetSequences } = await sequencesOf(client, plans, moving.rules);
  for (const line of unsetText(unsetSequences)) run.log(line);
  const sum = (of: (table: (typeof tables)[number]) => number) =>
    tables.reduce((total, table) => total + of(table), 0);
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
    notes: { unsetSequences },
    snapshot: null,
  });
}
