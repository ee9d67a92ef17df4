import type { Config } from "./config";
import { Exchange } from "../peer/exchange";
import { begin, recordKept } from "../ledger/ledger";
import { recordBackOnServer } from "../ledger/rollback";
import { decideMove, rescueOf } from "../moves/decide-move";
import type { NewVersion } from "./nomad";
import { requireSomebodyWaits } from "./require-somebody-waits";
import { reportOf, type MigrateReport } from "../moves/report";
import { Run } from "../server/run";
import { loginOf } from "../server/login";
import { unmarkOnSource } from "../rollback/marker";
import { countUses } from "../ledger/table-uses";
import { sourceInJob } from "./source-in-job";

/** What the run is told by Nomad; each by its variable NOMAD_…. */
export interface Allocation {
  /** Directory that the allocation's tasks share. */
  readonly shared: string;
  readonly id: string | undefined;
  /** The task's own directory, for the scratch copy. Default the system's temporary directory. */
  readonly scratch: string | undefined;
  /** Whether the allocation is part of a new version's deployment. */
  readonly isNew: () => Promise<NewVersion | undefined>;
}

/**
 * The prestart task: decides by the ledger, snapshots the source, has the app build its schema, copies, verifies, records.
 * @param stop aborts when the task is told to end.
 * @throws Refused or Failed, saying what is left in the app's tables. The source is as before in any case.
 */
export async function migrate(
  config: Config,
  allocation: Allocation,
  log: (line: string) => void,
  stop: AbortSignal,
): Promise<MigrateReport> {
  const { service, snapshots } = config;
  const source = sourceInJob(config);
  const seconds = config.deadlines.migrateSeconds;
  let exchange: Exchange | undefined;
  const exchangeOf = (run: Run, attempt: number) =>
    (exchange = new Exchange(allocation.shared, attempt, run.deadline, source.peer));

  const work = async (run: Run): Promise<MigrateReport> => {
    exchangeOf(run, 0);
    const { client: target, last, decision } = await decideMove(run, service, source);
    if (decision.act !== "copy") {
      // The ledger says `confirmed`, or is about to: the source is no longer the one in use.
      if (decision.act !== "keep") await unmarkOnSource(snapshots);
      if (decision.act === "return" && last !== undefined) await recordBackOnServer(target, last.attempt);
      if (decision.act === "keep" && last !== undefined) {
        await recordKept(target, last.attempt, allocation.id, await countUses(target));
      }
      await exchange?.skip();
      return reportOf(run, service, last?.attempt ?? 0, "skipped");
    }
    await requireSomebodyWaits(config, allocation.isNew);
    const attempt = (last?.attempt ?? 0) + 1;
    await begin(target, { number: attempt, service, allocation: allocation.id });
    const rescue = decision.rescue ? rescueOf(snapshots, source, attempt) : undefined;
    const meeting = { exchange: exchangeOf(run, attempt), shared: allocation.shared };
    const moved = await source.moveInJob({ run, target, attempt, snapshots, rescue }, meeting);
    return reportOf(run, service, attempt, "verified", moved);
  };
  // The other task is told that there is nothing to wait for.
  const abandon = async () => exchange?.abort();
  return Run.of(
    { target: loginOf(process.env), seconds, scratch: allocation.scratch, log, stop },
    work,
    abandon,
  );
}
