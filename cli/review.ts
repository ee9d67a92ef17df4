import { InvalidArgumentError, type Command } from "commander";
import { risks, type Risk } from "../review/rules/rule";
import type * as Action from "./actions/review";
import { failedByPolicy, formats } from "./options/review-outcome";

export function addReview(program: Command): void {
  program
    .command("review")
    .description("say what plans would do to the services, and name the risks")
    .argument(
      "<plans...>",
      "output of terraform show -json PLANFILE, each named SERVICE/plan.json or SERVICE.json",
    )
    .option("--format <format>", formats.join(", "), oneOf(formats), "text")
    .option(
      "--fail-on <risks>",
      `risks that fail the review (exit code ${failedByPolicy}): ${risks.join(",")}`,
      riskList,
      [],
    )
    .option(
      "--commit <sha>",
      "the commit that is reviewed; the Markdown then records it, and deploy compares with it",
    )
    .option(
      "--allow <file>",
      "a text that accepts risks, with lines such as: pgmoor: allow destroy postgresql_database.x",
    )
    .action((files: string[], options: Action.ReviewOptions) =>
      (require("./actions/review") as typeof Action).reviewPlans(files, options),
    );
}

function oneOf<T extends string>(allowed: readonly T[]): (value: string) => T {
  return (value) => {
    const found = allowed.find((one) => one === value);
    if (found === undefined) throw new InvalidArgumentError(`Allowed: ${allowed.join(", ")}.`);
    return found;
  };
}

function riskList(value: string): Risk[] {
  return value.split(",").map((one) => oneOf(risks)(one.trim()));
}
