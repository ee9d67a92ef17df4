import { InvalidArgumentError, type Command } from "commander";
import type * as Action from "./actions/login";

export function addLogin(program: Command): void {
  program
    .command("login")
    .description("in CI: exchange the runner's identity for a short-lived Vault token for the next steps")
    .requiredOption("--role <role>", "plan or deploy", (value) => {
      if (value !== "plan" && value !== "deploy") throw new InvalidArgumentError("Allowed: plan, deploy.");
      return value;
    })
    .action((options: Action.LoginOptions) => (require("./actions/login") as typeof Action).login(options));
}
