import type { Command } from "commander";
import type * as Action from "./actions/migrate";
import { verifyOption } from "./options/extent";
import { rulesOption, serviceOption } from "./options/definition-options";
import { commonHelp, sourceHelp, urlHelp } from "./options/help";

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
    .addOption(rulesOption())
    .addOption(
      serviceOption(
        ", and record the move in the ledger as this service's. Default there: the database's name",
      ),
    )
    .addOption(verifyOption())
    .option(
      "--snapshots <folder>",
      "where the snapshot is kept. Default pgmoor-snapshots beside the file, or here for a server",
    )
    .option(
      "--schema <command>",
      "for a SQLite file and an empty database: the command by which the app builds its schema there. It finds the target in " +
        "PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE. Rows that it makes are the app's own, and replaced",
    )
    .option("--replace", "dump rows that only the target has into the snapshots' folder, and replace them")
    .option("--json", "print the report as JSON in the last line")
    .addHelpText("after", commonHelp)
    .action((options: Action.MigrateOptions) =>
      (require("./actions/migrate") as typeof Action).migrate(options),
    );
}
