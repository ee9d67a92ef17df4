import * as path from "node:path";
import { dryRunByHand, moveByHand } from "../../migrator/moves/by-hand";
import type { MigrateReport } from "../../migrator/moves/report";
import { runAgainst, type CommonOptions } from "../options/run-against";
import { sourceOf, type SourceOptions } from "../options/source-option";
import { fileOf, log } from "../options/terminal";

export interface MigrateOptions extends CommonOptions, SourceOptions {
  readonly dryRun?: true;
  readonly snapshots?: string;
  readonly replace?: true;
}

export function migrate(options: MigrateOptions): Promise<void> {
  return runAgainst("migrate", options, async (run) => {
    const source = sourceOf(run, options);
    const asked = {
      service: options.service ?? run.target.variables.PGDATABASE ?? "",
      source,
      snapshots: fileOf(options.snapshots ?? path.join(source.folder, "pgmoor-snapshots")),
      replace: options.replace === true,
    };
    const report = options.dryRun ? await dryRunByHand(run, asked) : await moveByHand(run, asked);
    describe(report);
    return report;
  });
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
