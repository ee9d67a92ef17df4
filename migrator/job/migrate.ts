import type { Config } from "./config";
import { moveEmbedded } from "../postgres/embedded/move-embedded";
import { Exchange, probe, schemaTask, sourceTask } from "../peer/exchange";
import { begin, recordKept } from "../ledger/ledger";
import { decideMove, moveSqlite, reportOf, rescueOf, type MigrateReport } from "../moves/attempt";
import { Run } from "../server/run";
import { loginOf } from "../server/login";
import { countUses } from "../ledger/table-uses";

/** What the run is told by Nomad; each by its variable NOMAD_…. */
export interface Allocation {
  /** Directory that the allocation's tasks share. */
  readonly shared: string;
  readonly id: string | undefined;
  /** The task's own directory, for the scratch copy. Default the system's temporary directory. */
  readonly scratch: string | undefined;
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
  const { service, source } = config;
  const seconds = config.deadlines.migrateSeconds;
  let exchange: Exchange | undefined;
  const exchangeOf = (run: Run, attempt: number) =>
    (exchange = new Exchange(
      allocation.shared,
      attempt,
      run.deadline,
      source.kind === "sqlite" ? schemaTask : sourceTask,
    ));

  const work = async (run: Run): Promise<MigrateReport> => {
    exchangeOf(run, 0);
    const { client, last, decision } = await decideMove(run, config);
    if (decision.act !== "copy") {
      if (decision.act === "keep" && last !== undefined) {
        await recordKept(client, last.attempt, allocation.id, await countUses(client));
      }
      await exchange?.skip();
      return reportOf(run, service, last?.attempt ?? 0, "skipped");
    }
    const attempt = (last?.attempt ?? 0) + 1;
    await begin(client, { number: attempt, service, allocation: allocation.id });
    const rescue = decision.rescue ? rescueOf(config, attempt) : undefined;
    const peer = exchangeOf(run, attempt);
    const moved =
      source.kind === "sqlite"
        ? await moveSqlite(run, client, { ...config, source }, attempt, rescue ? { rescue } : "seeds", () =>
            buildSchema(source, peer, log),
          )
        : await moveEmbedded(run, client, { ...config, source }, attempt, rescue, {
            exchange: peer,
            shared: allocation.shared,
          });
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

type SqliteDatabase = Extract<Config["source"], { kind: "sqlite" }>;

async function buildSchema(
  { schema }: SqliteDatabase,
  exchange: Exchange,
  log: (line: string) => void,
): Promise<void> {
  const started = performance.now();
  await exchange.build(schema.kind === "app" ? async () => (await probe(schema.health)) === true : undefined);
  log(`the app has built its schema in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
