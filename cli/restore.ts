import type { Command } from "commander";
import type * as Action from "./actions/restore";

/** `restore`: a service's database, or the whole server, from a backup. */
export function addRestore(program: Command): void {
  program
    .command("restore")
    .description("restore a service's database, or the whole server, from a backup, and compare it")
    .argument("[service]", "the service whose database is restored")
    .option("--all", "restore the whole server: every database, every role")
    .option("--at <time>", "as it was at this second: 2026-03-01T14:59:59Z (default: the newest backup)")
    .option("--backup <id>", "from this backup (default: the newest that fits)")
    .option("--as <database>", "into a new database beside the running one")
    .option("--confirm <name>", "the service's name (with --all: the environment's), instead of typing it")
    .option("--json", "print the report as JSON in the last line")
    .addHelpText("after", help)
    .action((service: string | undefined, options: Action.RestoreOptions) =>
      (require("./actions/restore") as typeof Action).restore(service, options),
    );
}

const help = `
It dispatches the jobs of the stack "backups" and follows them. With --as, the running database is not touched. Without, the
restored database takes its place: the service is stopped for that, and the database as it was is kept under another name.
--all stops the server; its data directory is kept, too. Needs VAULT_TOKEN, and NOMAD_TOKEN where Nomad has ACLs.

Exit code:
  0  restored, and every table is as the backup's manifest says
  1  failed; the message says what is left
  2  the arguments are wrong, or the name was not confirmed; nothing was touched`;
