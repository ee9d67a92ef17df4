import { InvalidArgumentError, type Command } from "commander";
import { readFileSync } from "node:fs";
import { fileOf } from "./options/run-against";
import { reviewed, seal } from "../delivery/reviewed";
import { UserError } from "../environments/model/problems";
import { commentLimit, renderMarkdown } from "../review/markdown";
import { readAllowances } from "../review/policy";
import { readInput } from "../review/read";
import { review, ruleIds } from "../review/review";
import { risks, type Risk } from "../review/rules/rule";
import { renderText } from "../review/text";

const formats = ["markdown", "text", "json"] as const;
type Format = (typeof formats)[number];

/** The review failed by its policy: nothing is wrong with the command. */
const failedByPolicy = 1;

interface Options {
  readonly format: Format;
  readonly failOn: readonly Risk[];
  readonly commit?: string;
  readonly allow?: string;
}

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
    .action((files: string[], options: Options) => {
      const result = review(
        files.map((file) => readInput(fileOf(file))),
        {
          failOn: options.failOn,
          allowances:
            options.allow === undefined ? undefined : readAllowances(readText(options.allow), ruleIds),
        },
      );
      const rendered: Record<Format, () => string> = {
        markdown: () => {
          if (options.commit === undefined) return renderMarkdown(result);
          const sealed = seal(reviewed(result), options.commit);
          return renderMarkdown(result, commentLimit - Buffer.byteLength(sealed)) + sealed;
        },
        text: () => renderText(result, process.stdout.hasColors?.() ?? false),
        json: () => `${JSON.stringify(result, undefined, 2)}\n`,
      };
      process.stdout.write(rendered[options.format]());
      if (result.verdict === "fail") process.exitCode = failedByPolicy;
    });
}

function readText(file: string): string {
  try {
    return readFileSync(fileOf(file), "utf8");
  } catch {
    throw new UserError(`${file} (--allow) cannot be read.`);
  }
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
