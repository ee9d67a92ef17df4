import type { Command } from "commander";
import type * as Action from "./actions/check";

/** `check`: whether a deploy would go through. */
export function addCheck(program: Command): void {
  program
    .command("check")
    .description(
      "look for everything that would stop a deploy or the next start of a service; change nothing",
    )
    .argument("[services...]", "only these services; default: all")
    .option(
      "--rehearse",
      "also move each service that is on its source into a scratch database, by a batch job, while it runs",
    )
    .option("--json", "print the report as JSON, in one line")
    .addHelpText("after", help)
    .action((names: string[], options: Action.CheckOptions) =>
      (require("./actions/check") as typeof Action).check(names, options),
    );
}

const help = `
It finds servers and tokens as Terraform does: VAULT_TOKEN or ~/.vault-token, NOMAD_TOKEN, CONSUL_HTTP_TOKEN.

Probes:
  servers    Nomad, Vault, Consul and PostgreSQL answer
  states     what stops every plan: lost states, deleted secrets, wrong or old passwords, old servers
  identity   the policy and the JWT role of each job in Vault are as pgmoor wrote them
  placement  Nomad finds a client with the driver, the volumes and room for each job
  server     PostgreSQL has the extensions, the preloaded libraries and the connections; owners are right
  target     the database is ready for a cutover
  backup     what is on the server has a new backup, which was restored for a test
  rehearsal  with --rehearse: the source can be read and is whole, every value fits, the app's image builds its schema,
             there is room; and how long the copy takes. It makes a database, a role in Vault and a batch job, and
             removes them again

Exit code:
  0  no problem
  1  problems, or something could not be checked
  2  the environment or the arguments are wrong; nothing was asked`;
