import type { Command } from "commander";
import type * as Action from "./actions/verify";
import { verifyOption } from "./options/extent";
import { rulesOption, serviceOption } from "./options/definition-options";
import { commonHelp, sourceHelp, urlHelp } from "./options/help";

/** `verify`: compares source and target again. */
export function addVerify(program: Command): void {
  program
    .command("verify")
    .description(
      "compare source and target again, table by table, before the service has written; write nothing",
    )
    .requiredOption("--source <file|url>", sourceHelp)
    .requiredOption("--target <url>", urlHelp)
    .addOption(rulesOption())
    .addOption(serviceOption())
    .addOption(verifyOption())
    .option("--json", "print the report as JSON in the last line")
    .addHelpText("after", `${commonHelp}\nverify exits with 1 if source and target differ.`)
    .action((options: Action.VerifyOptions) =>
      (require("./actions/verify") as typeof Action).verify(options),
    );
}
