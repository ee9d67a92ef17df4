import type { Command } from "commander";
import type * as Action from "./actions/ledger";
import { commonHelp, urlHelp } from "./options/help";

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
    .action((options: Action.LedgerOptions) =>
      (require("./actions/ledger") as typeof Action).ledger(options),
    );
}
