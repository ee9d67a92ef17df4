import { attempts } from "../../migrator/ledger/ledger";
import { describeAttempts, rollBackLast } from "../../migrator/ledger/ledger-text";
import { runAgainst, type CommonOptions } from "../options/run-against";
import { log } from "../options/terminal";

export interface LedgerOptions extends CommonOptions {
  readonly rollBack?: true;
}

export function ledger(options: LedgerOptions): Promise<void> {
  return runAgainst("ledger", options, async (run) => {
    const client = await run.session();
    if (options.rollBack) await rollBackLast(client, log);
    const all = await attempts(client);
    describeAttempts(all, log);
    return { pgmoor: "ledger", attempts: all };
  });
}
