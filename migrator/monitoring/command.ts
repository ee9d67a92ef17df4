/** The command of the task that looks at the services. */
import type { Command } from "commander";
import { Refused } from "../base/errors";
import { stopSignal } from "../base/stop";
import { taskLog } from "../base/task-log";
import { serverVariables } from "../server/login";
import { readFactsConfig } from "./config";
import { watchForEver } from "./facts";

const environment = `
Environment:
  PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGSSLMODE   the monitoring's role and database
  NOMAD_SECRETS_DIR                                      set by Nomad: the tokens for Nomad and Vault are in it

It never ends by itself. Exit code:
  1  stopped
  2  refused; a person must correct or decide something`;

export function addFacts(program: Command): void {
  program
    .command("facts")
    .description(
      "task of the monitoring job: look at services, backups, passwords and the certificate for ever",
    )
    .requiredOption("--config <file>", "JSON file that the job's template renders")
    .addHelpText("after", environment)
    .action(async ({ config }: { config: string }) => {
      const { NOMAD_SECRETS_DIR: secrets } = process.env;
      if (!secrets) throw new Refused("NOMAD_SECRETS_DIR is not set: this must run as a task of a Nomad job");
      await watchForEver({
        config: readFactsConfig(config),
        server: serverVariables(process.env),
        secrets,
        log: taskLog,
        stop: stopSignal(),
      });
    });
}
