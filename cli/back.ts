import type { Command } from "commander";
import type * as Action from "./actions/back";
import { commonHelp, rulesHelp, urlHelp } from "./options/help";

/** `back`: writes what the server holds to SQLite again. */
export function addBack(program: Command): void {
  program
    .command("back")
    .description("write the server's rows into a new SQLite file with the source's schema, and verify it")
    .requiredOption(
      "--source <file>",
      "what was copied to the server: its snapshot, or the source. Only read",
    )
    .requiredOption("--target <url>", urlHelp)
    .requiredOption("--out <file>", "the new file; there must be none yet")
    .option("--rules <file>", `${rulesHelp}. Use the rules of the copy`)
    .option("--json", "print the report as JSON in the last line")
    .addHelpText("after", commonHelp)
    .action((options: Action.BackOptions) => (require("./actions/back") as typeof Action).back(options));
}
