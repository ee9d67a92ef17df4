import type { Command } from "commander";
import type * as Action from "./actions/status";

/** `status`: where every service stands. */
export function addStatus(program: Command): void {
  program
    .command("status")
    .description("show where every service of the environment stands, and what to do next")
    .argument("[services...]", "only these services; default: all")
    .option("--json", "print the report as JSON, in one line")
    .option("--watch", "ask again every 2 seconds, until Ctrl-C")
    .addHelpText("after", help)
    .action((names: string[], options: Action.StatusOptions) =>
      (require("./actions/status") as typeof Action).status(names, options),
    );
}

const help = `
It changes nothing. It finds servers and tokens as Terraform does: VAULT_TOKEN or ~/.vault-token, NOMAD_TOKEN, CONSUL_HTTP_TOKEN.
What one server cannot tell is shown as "?", with the reason.

Exit code:
  0  everything could be told, and every service runs
  1  a service is down, or something could not be told
  2  the environment or the arguments are wrong; nothing was asked`;
