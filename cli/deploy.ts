import type { Command } from "commander";
import type * as Action from "./actions/deploy";
import { defaultPlans } from "./options/services";

export function addDeploy(program: Command): void {
  program
    .command("deploy")
    .description("apply what was reviewed, one service at a time; each is planned again first")
    .argument("[services...]", "only these services; default: all that change according to the review")
    .requiredOption("--reviewed <file>", "the review's Markdown, made with --commit")
    .requiredOption("--commit <sha>", "the commit that was reviewed")
    .option("--out <folder>", "where to write each service's plan", defaultPlans)
    .option("--report <file>", "where to write the outcome, in Markdown")
    .action((names: string[], options: Action.DeployOptions) =>
      (require("./actions/deploy") as typeof Action).deploy(names, options),
    );
}
