import type { Command } from "commander";
import { compareSqlite } from "../migrator/moves/compare";
import { compareServers } from "../migrator/postgres/running/compare-servers";
import { rulesHelp } from "./options/rules-file";
import { runAgainst, type CommonOptions, commonHelp, log } from "./options/run-against";
import { urlHelp } from "./options/database-url";
import { rulesOf, sourceHelp, sourceOf } from "./options/source-option";

interface Options extends CommonOptions {
  readonly source: string;
  readonly rules?: string;
}

/** `verify`: compares source and target again. */
export function addVerify(program: Command): void {
  program
    .command("verify")
    .description(
      "compare source and target again, table by table, before the service has written; write nothing",
    )
    .requiredOption("--source <file|url>", sourceHelp)
    .requiredOption("--target <url>", urlHelp)
    .option("--rules <file>", rulesHelp)
    .option("--json", "print the report as JSON in the last line")
    .addHelpText("after", `${commonHelp}\nverify exits with 1 if source and target differ.`)
    .action((options: Options) =>
      runAgainst(
        "verify",
        options,
        async (run) => {
          const source = sourceOf(run, options.source);
          const declared = rulesOf(source, options.rules);
          const report =
            source.kind === "server"
              ? await compareServers(run, source)
              : await compareSqlite(run, { source, ...declared });
          if (report.sourceUnchanged === false) log("the source has changed since it was copied");
          if (report.writtenSince.length > 0)
            log(`written on the server since the copy: ${report.writtenSince.join(", ")}`);
          log(
            `${report.outcome}: ${report.rows} rows in ${report.tables.length} tables, in ${report.seconds} s`,
          );
          return report;
        },
        ({ outcome }) => outcome === "different",
      ),
    );
}
