/** The first step of a job that goes back to its source. */
import type { Client } from "pg";
import type { RollbackKind } from "../../services/ledger";
import { Refused } from "../base/errors";
import { lastAttemptOf, type Attempt } from "../ledger/ledger";
import { recordRollback, recordRollingBack } from "../ledger/rollback";
import type { Source } from "../moves/source";
import type { Run } from "../server/run";
import { markOnSource, unmarkOnSource } from "./marker";

/** What a run reports in its last line. */
export interface RollBackReport {
  readonly pgmoor: "roll-back";
  readonly service: string;
  readonly attempt: number;
  /** `skipped`: the ledger says that the service is on its source, or that it has never been confirmed elsewhere. */
  readonly outcome: "copied-back" | "discarded" | "skipped";
  /** Rows of the file that took the source's place; of `discarded` and `skipped` 0. */
  readonly rows: number;
  readonly seconds: number;
}

export interface RollingBack {
  readonly service: string;
  readonly kind: RollbackKind;
  readonly source: Source;
  /** Folder of the backup volume. */
  readonly snapshots: string;
  /**
   * That somebody expects the service to go back now.
   * @throws Refused when nobody does.
   */
  readonly requireExpected: () => Promise<void>;
  /** Brings the server's rows into the source; returns how many it has then. */
  readonly copyBack: (client: Client, last: Attempt) => Promise<number>;
}

/**
 * Lets the app start on its source when the ledger allows it: at once when the server is not the truth, else after its rows
 * were copied back or given up.
 * @throws Refused or Failed: the app must not start. Nomad puts the job back on the server.
 */
export async function rollBackSource(
  run: Run,
  { service, kind, source, snapshots, requireExpected, copyBack }: RollingBack,
): Promise<RollBackReport> {
  const client = await run.session();
  await run.lock(client);
  const last = await lastAttemptOf(client, service);
  const report = (outcome: RollBackReport["outcome"], rows = 0): RollBackReport => ({
    pgmoor: "roll-back",
    service,
    attempt: last?.attempt ?? 0,
    outcome,
    rows,
    seconds: run.seconds,
  });
  if (last?.state === "rolling-back") {
    // The app may have written to the source by now. The poststart task has not yet seen it answer.
    run.log("the source is already in order; the app starts on it");
    return report("skipped");
  }
  if (last?.state !== "confirmed") {
    await markOnSource(snapshots);
    const found = last === undefined ? "no attempt" : `attempt ${last.attempt}: ${last.state}`;
    run.log(`${found}; the app starts on its source`);
    return report("skipped");
  }
  await requireExpected();
  await unmarkOnSource(snapshots);
  if (kind === "copy-back") {
    const rows = await copyBack(client, last);
    run.log(`the source holds the server's ${rows} rows`);
    return report("copied-back", rows);
  }
  if (!(await source.isThere()))
    throw new Refused("the source was not found: there is nothing to roll back to");
  await recordRollback(client, last.attempt, { kind, contents: last.rollback?.contents ?? [], kept: null });
  await recordRollingBack(client, last.attempt);
  run.log("what was written since the move stays on the server and is not on the source");
  return report("discarded");
}
