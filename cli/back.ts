import type { Command } from "commander";
import { bringBack } from "../migrator/back/by-hand";
import { readDeclared, rulesHelp } from "./declared";
import { against, type Common, commonHelp, fileOf, log } from "./run";
import { urlHelp } from "./server";
import { backSourceOf } from "./source";

interface Options extends Common {
  readonly source: string;
  readonly out: string;
  readonly rules?: string;
}

/** `back`: writes what the server holds to SQLite again. */
export function addBack(program: Command): void {
  program
    .command("back")
    .description("write what the server holds into a new SQLite file in the source's schema, and verify it")
    .requiredOption(
      "--source <file>",
      "what was copied to the server: its snapshot, or the source. Only read",
    )
    .requiredOption("--target <url>", urlHelp)
    .requiredOption("--out <file>", "the new file; there must be none yet")
    .option("--rules <file>", `${rulesHelp}. Those of the copy`)
    .option("--json", "the report as JSON, in the last line")
    .addHelpText("after", commonHelp)
    .action((options: Options) =>
      against("back", options, async (run) => {
        const source = backSourceOf(options.source);
        const report = await bringBack(run, { source, ...readDeclared(options.rules) }, fileOf(options.out));
        log(
          `${report.rows} rows in ${report.tables.length} tables written to ${report.file}, in ${report.seconds} s`,
        );
        return report;
      }),
    );
}
