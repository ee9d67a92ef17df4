import type { Command } from "commander";
import { compare } from "../migrator/moves/compare";
import { compareServers } from "../migrator/postgres/running/compare";
import { rulesHelp } from "./declared";
import { against, type Common, commonHelp, log } from "./run";
import { urlHelp } from "./server";
import { declaredOf, sourceHelp, sourceOf } from "./source";

interface Options extends Common {
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
    .option("--json", "the report as JSON, in the last line")
    .addHelpText("after", `${commonHelp}\nverify ends with 1 when the two are different.`)
    .action((options: Options) =>
      against(
        "verify",
        options,
        async (run) => {
          const source = sourceOf(run, options.source);
          const declared = declaredOf(source, options.rules);
          const report =
            source.kind === "server"
              ? await compareServers(run, source)
              : await compare(run, { source, ...declared });
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
