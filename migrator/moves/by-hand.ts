/** A move that a person runs, without a job: for SQLite, the app has built its schema already. */
import { begin } from "../ledger/ledger";
import type { Run } from "../server/run";
import { decideMove, rescueOf } from "./decide-move";
import { reportOf, type MigrateReport } from "./report";
import type { Moving, Replacing, SourceByHand } from "./source";

/** What a person wants moved. */
export interface MoveByHand extends Replacing {
  /** The service's name, as the ledger records it. */
  readonly service: string;
  readonly source: SourceByHand;
  /** Folder that keeps the snapshot, and what the target held. */
  readonly snapshots: string;
}

/**
 * Moves a source into the target as a job does. The rows that the target holds are emptied by the copy's own transaction and
 * not before, so that whatever fails leaves them.
 * @param asked.replace rows that the target holds and the source has not are dumped into the snapshots and replaced; without
 * it they are not touched.
 * @throws Refused or Failed, saying what is left.
 */
export async function moveByHand(run: Run, asked: MoveByHand): Promise<MigrateReport> {
  const { service, source } = asked;
  const { moving, last } = await prepare(run, asked, false);
  if (moving === undefined) return reportOf(run, service, last, "skipped");
  await source.requireMovable(moving);
  await begin(moving.target, { number: moving.attempt, service, allocation: undefined });
  return reportOf(run, service, moving.attempt, "verified", await source.moveByHand(moving));
}

/**
 * Does what the move would do, and writes nothing.
 * @throws Refused for what the move would refuse.
 */
export async function dryRunByHand(run: Run, asked: MoveByHand): Promise<MigrateReport> {
  const { service, source } = asked;
  const { moving, last } = await prepare(run, asked, true);
  if (moving === undefined) return reportOf(run, service, last, "skipped");
  return reportOf(run, service, 0, "dry-run", { ...(await source.dryRun(moving)), snapshot: null });
}

/** What both begin with. `moving` is absent when there is nothing to do; `last` is the last attempt's number. */
async function prepare(
  run: Run,
  { service, source, snapshots, replace }: MoveByHand,
  dry: boolean,
): Promise<{ readonly moving: (Moving & Replacing) | undefined; readonly last: number }> {
  await source.requireOther(run);
  const { client: target, last, decision } = await decideMove(run, service, source, { byHand: true, dry });
  const attempt = (last?.attempt ?? 0) + 1;
  if (decision.act !== "copy") return { moving: undefined, last: attempt - 1 };
  const rescue = decision.rescue ? rescueOf(snapshots, source, attempt) : undefined;
  return { moving: { run, target, attempt, snapshots, rescue, replace }, last: attempt - 1 };
}
