import { bringBack } from "../../migrator/back/bring-back";
import { rulesOf, type RulesOptions } from "../options/rules-file";
import { runAgainst, type CommonOptions } from "../options/run-against";
import { backSourceOf } from "../options/source-option";
import { fileOf, log } from "../options/terminal";

export interface BackOptions extends CommonOptions, RulesOptions {
  readonly source: string;
  readonly out: string;
}

export function back(options: BackOptions): Promise<void> {
  return runAgainst("back", options, async (run) => {
    const source = backSourceOf(options.source);
    const report = await bringBack(run, source, rulesOf(options), fileOf(options.out));
    log(
      `${report.rows} rows in ${report.tables.length} tables written to ${report.file}, in ${report.seconds} s`,
    );
    return report;
  });
}
