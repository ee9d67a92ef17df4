import type { Command } from "commander";
import type * as Action from "./actions/check";

export function addCheck(program: Command): void {
  program
    .command("check")
    .description(
      "list services that left the environment but have a state, and state files that others may read",
    )
    .action(() => (require("./actions/check") as typeof Action).check());
}
