import { bounded, Deadline } from "../base/deadline";
import { Failed } from "../base/errors";
import { lastAttempt } from "../ledger/ledger";
import { recordRolledBack } from "../ledger/rollback";
import { answersWell } from "../peer/exchange";
import { isOnSource, markOnSource } from "../rollback/marker";
import { connect, endSession } from "../server/connection";
import { loginOf } from "../server/login";
import type { Config } from "./config";

/** What a run reports in its last line. */
export interface ConfirmSourceReport {
  readonly pgmoor: "confirm";
  readonly service: string;
  readonly outcome: "rolled-back" | "skipped";
  readonly seconds: number;
}

/**
 * The poststart task of a job that goes back to its source: waits until the app answers at its health URL, then writes
 * `rolled-back`. It does nothing once that is known: a later start needs no server.
 * @throws Failed at the deadline. Nomad puts the job back on the server.
 */
export async function confirmSource(
  { service, health, snapshots, deadlines: { confirmSeconds } }: Config,
  log: (line: string) => void,
  stop: AbortSignal,
): Promise<ConfirmSourceReport> {
  const started = performance.now();
  const report = (outcome: ConfirmSourceReport["outcome"]): ConfirmSourceReport => ({
    pgmoor: "confirm",
    service,
    outcome,
    seconds: Math.round(performance.now() - started) / 1000,
  });
  if (await isOnSource(snapshots)) return report("skipped");
  const deadline = new Deadline(confirmSeconds);
  const work = async () => {
    await answersWell(
      health,
      deadline,
      (last) =>
        `not confirmed within ${confirmSeconds} s: the app does not answer 2xx at ${health} (${last})`,
    );
    log(`the app answers at ${health}`);
    await recordRolled(deadline, log);
    await markOnSource(snapshots);
    return report("rolled-back");
  };
  return bounded(
    work(),
    deadline,
    stop,
    `not confirmed within ${confirmSeconds} s: no connection to the server`,
  );
}

async function recordRolled(deadline: Deadline, log: (line: string) => void): Promise<void> {
  const client = await connect(loginOf(process.env), { deadline, log });
  try {
    const last = await lastAttempt(client);
    if (last?.state === "rolling-back") await recordRolledBack(client, last.attempt);
    else if (last?.state !== "rolled-back")
      throw new Failed(`the ledger says "${last?.state ?? "nothing"}": the roll-back task has not finished`);
  } finally {
    await endSession(client);
  }
}
