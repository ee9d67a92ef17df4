import { Refused } from "../base/errors";
import { copyBack } from "../rollback/copy-back";
import { isOnSource } from "../rollback/marker";
import { rollBackSource, type RollBackReport } from "../rollback/roll-back";
import { connect, endSession } from "../server/connection";
import { loginOf } from "../server/login";
import { Run } from "../server/run";
import type { Config } from "./config";
import type { Allocation } from "./migrate";
import { requireSomebodyWaits } from "./require-somebody-waits";
import { sourceInJob } from "./source-in-job";

/**
 * The prestart task of a job that goes back to its source.
 * @param serverAnswers waits for the server without a deadline: only its ledger says whether the app may start.
 * @returns `undefined` when the server is away, and was seen to say before that the service is on its source.
 * @throws Refused or Failed, saying what is left. The app must not start then.
 */
export async function rollBack(
  config: Config,
  { scratch, isNew }: Pick<Allocation, "scratch" | "isNew">,
  log: (line: string) => void,
  stop: AbortSignal,
  serverAnswers: () => Promise<void>,
): Promise<RollBackReport | undefined> {
  const { service, rollback: kind, snapshots, source, migrationTables, rules } = config;
  if (kind === undefined)
    throw new Refused("--config: rollback is missing: it says what happens to the server's rows");
  if (!(await isOnSource(snapshots))) await serverAnswers();
  else if (!(await answers())) {
    log(
      "no connection to the server. An earlier run read in its ledger that the service is back on its source, so the app starts on it",
    );
    return undefined;
  }
  const seconds = config.deadlines.migrateSeconds;
  return Run.of({ target: loginOf(process.env), seconds, scratch, log, stop }, (run) =>
    rollBackSource(run, {
      service,
      kind,
      source: sourceInJob(config),
      snapshots,
      requireExpected: () => requireSomebodyWaits(config, isNew),
      copyBack: (client, last) => {
        if (source.kind !== "sqlite")
          throw new Refused(`a source of kind "${source.kind}" cannot take the server's rows back`);
        const declared = { migrationTables, rules };
        return copyBack(run, client, last, { file: source.file, declared, snapshots });
      },
    }),
  );
}

async function answers(): Promise<boolean> {
  return connect(loginOf(process.env)).then(
    (client) => endSession(client).then(() => true),
    () => false,
  );
}
