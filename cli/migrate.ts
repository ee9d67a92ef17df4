import * as path from "node:path";
import type { Command } from "commander";
import { dryRun, moveByHand } from "../migrator/moves/by-hand";
import type { MigrateReport } from "../migrator/moves/attempt";
import { rulesHelp } from "./options/rules-file";
import { runAgainst, type CommonOptions, commonHelp, fileOf, log } from "./options/run-against";
import { urlHelp } from "./options/database-url";
import { rulesOf, sourceHelp, sourceOf } from "./options/source-option";

interface Options extends CommonOptions {
  readonly source: string;
  readonly dryRun?: true;
  readonly rules?: string;
  readonly snapshots?: string;
  readonly service?: string;
  readonly replace?: true;
}

/** `migrate`: moves a source into a target, without a job. */
export function addMigrate(program: Command): void {
  program
    .command("migrate")
    .description(
      "copy a SQLite file into a database that has the app's schema, or a PostgreSQL into an empty one; verify, record",
    )
    .requiredOption("--source <file|url>", sourceHelp)
    .requiredOption("--target <url>", urlHelp)
    .option(
      "--dry-run",
      "read and convert everything, refuse what the move would refuse, write nothing, print the report",
    )
    .option("--rules <file>", rulesHelp)
    .option(
      "--snapshots <folder>",
      "where the snapshot is kept. Default pgmoor-snapshots beside the file, or here for a server",
    )
    .option("--service <name>", "the service's name in the ledger. Default: the database's name")
    .option("--replace", "dump rows that only the target has into the snapshots' folder, and replace them")
    .option("--json", "print the report as JSON in the last line")
    .addHelpText("after", commonHelp)
    .action((options: Options) =>
      runAgainst("migrate", options, async (run) => {
        const source = sourceOf(run, options.source);
        const beside = source.kind === "sqlite" ? path.dirname(source.file) : "";
        const moving = {
          service: options.service ?? run.target.variables.PGDATABASE ?? "",
          source,
          snapshots: fileOf(options.snapshots ?? path.join(beside, "pgmoor-snapshots")),
          ...rulesOf(source, options.rules),
        };
        const report = options.dryRun
          ? await dryRun(run, moving, options.replace === true)
          : await moveByHand(run, moving, options.replace === true);
        describe(report);
        return report;
      }),
    );
}

function describe({ outcome, rows, tables, roundedFractions, rules, seconds }: MigrateReport): void {
  if (outcome === "skipped") return;
  for (const { rule, applied } of rules) {
    const place = "column" in rule ? `${rule.table}.${rule.column}` : rule.table;
    if (rule.kind === "sequence") log(`sequence ${rule.sequence} follows the ${applied} rows of ${place}`);
    else log(`rule ${rule.kind} for ${place}: applied ${applied} times`);
  }
  if (roundedFractions > 0) log(`${roundedFractions} fractions of a second rounded to microseconds`);
  const what = outcome === "dry-run" ? "would be copied; nothing was written" : "copied and verified";
  log(`${rows} rows in ${tables} tables ${what}, in ${seconds} s`);
}
