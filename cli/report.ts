import type { Command } from "commander";
import type * as Action from "./actions/report";

/** `report`: slow statements, indexes, bloat, vacuum. */
export function addReport(program: Command): void {
  program
    .command("report")
    .description(
      "show slow statements, unused and missing indexes, bloat and vacuum, with what to do about each",
    )
    .argument("[services...]", "only these services; default: all")
    .option("--json", "print the report as JSON, in one line")
    .addHelpText("after", help)
    .action((names: string[], options: Action.ReportOptions) =>
      (require("./actions/report") as typeof Action).report(names, options),
    );
}

const help = `
It changes nothing, and does nothing of what it advises. It logs in to each database as the service's own role, with the
password in Vault (VAULT_TOKEN or ~/.vault-token). The statements need monitoring in the environment, and show no values.

Exit code:
  0  every database was looked at, whatever was found
  1  a database could not be looked at
  2  the environment or the arguments are wrong, or no server answers`;
