import type { Command } from "commander";
import type * as Action from "./actions/back";
import { rulesOption, serviceOption } from "./options/definition-options";
import { commonHelp, urlHelp } from "./options/help";

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
    .addOption(rulesOption(". Use the rules of the copy"))
    .addOption(serviceOption())
    .option("--json", "print the report as JSON in the last line")
    .addHelpText("after", commonHelp)
    .action((options: Action.BackOptions) => (require("./actions/back") as typeof Action).back(options));
}
