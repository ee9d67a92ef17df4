import type { Command } from "commander";
import { attempts } from "../migrator/ledger/ledger";
import { describeAttempts, rollBackLast } from "../migrator/ledger/ledger-text";
import { runAgainst, type CommonOptions, commonHelp, log } from "./options/run-against";
import { urlHelp } from "./options/database-url";

interface Options extends CommonOptions {
  readonly rollBack?: true;
}

/** `ledger`: shows the attempts recorded in a database. */
export function addLedger(program: Command): void {
  program
    .command("ledger")
    .description("show the attempts recorded in a database's ledger, and what was verified")
    .requiredOption("--target <url>", urlHelp)
    .option(
      "--roll-back",
      "mark a copied or confirmed attempt as rolled back, so that the next cutover copies again",
    )
    .option("--json", "print the attempts as JSON in the last line")
    .addHelpText("after", commonHelp)
    .action((options: Options) =>
      runAgainst("ledger", options, async (run) => {
        const client = await run.session();
        if (options.rollBack) await rollBackLast(client, log);
        const all = await attempts(client);
        describeAttempts(all, log);
        return { pgmoor: "ledger", attempts: all };
      }),
    );
}
