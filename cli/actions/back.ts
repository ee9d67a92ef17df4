import { bringBack } from "../../migrator/back/bring-back";
import { readRules } from "../options/rules-file";
import { runAgainst, type CommonOptions } from "../options/run-against";
import { backSourceOf } from "../options/source-option";
import { fileOf, log } from "../options/terminal";

export interface BackOptions extends CommonOptions {
  readonly source: string;
  readonly out: string;
  readonly rules?: string;
}

export function back(options: BackOptions): Promise<void> {
  return runAgainst("back", options, async (run) => {
    const source = backSourceOf(options.source);
    const report = await bringBack(run, source, readRules(options.rules), fileOf(options.out));
    log(
      `${report.rows} rows in ${report.tables.length} tables written to ${report.file}, in ${report.seconds} s`,
    );
    return report;
  });
}
