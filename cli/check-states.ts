import type { Command } from "commander";
import type * as Action from "./actions/check-states";

export function addCheckStates(program: Command): void {
  program
    .command("check-states")
    .description(
      "list services that left the environment but have a state, and state files that others may read",
    )
    .action(() => (require("./actions/check-states") as typeof Action).checkStates());
}
