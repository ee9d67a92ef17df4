import type { Command } from "commander";
import { bringBack } from "../migrator/back/bring-back";
import { readRules, rulesHelp } from "./options/rules-file";
import { runAgainst, type CommonOptions, commonHelp, fileOf, log } from "./options/run-against";
import { urlHelp } from "./options/database-url";
import { backSourceOf } from "./options/source-option";

interface Options extends CommonOptions {
  readonly source: string;
  readonly out: string;
  readonly rules?: string;
}

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
    .action((options: Options) =>
      runAgainst("back", options, async (run) => {
        const source = backSourceOf(options.source);
        const report = await bringBack(run, { source, ...readRules(options.rules) }, fileOf(options.out));
        log(
          `${report.rows} rows in ${report.tables.length} tables written to ${report.file}, in ${report.seconds} s`,
        );
        return report;
      }),
    );
}
