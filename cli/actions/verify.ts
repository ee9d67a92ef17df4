import { runAgainst, type CommonOptions } from "../options/run-against";
import { sourceOf, type SourceOptions } from "../options/source-option";
import { log } from "../options/terminal";

export type VerifyOptions = CommonOptions & SourceOptions;

export function verify(options: VerifyOptions): Promise<void> {
  return runAgainst(
    "verify",
    options,
    async (run) => {
      const report = await sourceOf(run, options).compare(run);
      if (report.sourceUnchanged === false) log("the source has changed since it was copied");
      if (report.writtenSince.length > 0)
        log(`written on the server since the copy: ${report.writtenSince.join(", ")}`);
      log(`${report.outcome}: ${report.rows} rows in ${report.tables.length} tables, in ${report.seconds} s`);
      return report;
    },
    ({ outcome }) => outcome === "different",
  );
}
