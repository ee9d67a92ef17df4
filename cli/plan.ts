import type { Command } from "commander";
import type * as Action from "./actions/plan";
import { defaultPlans } from "./options/services";

export function addPlan(program: Command): void {
  program
    .command("plan")
    .description("plan services and write the plans to a folder")
    .argument("[services...]", "only these services; the others keep their last plan")
    .option("--out <folder>", "where to write a folder for each service", defaultPlans)
    .action((names: string[], options: Action.PlanOptions) =>
      (require("./actions/plan") as typeof Action).plan(names, options),
    );
}
