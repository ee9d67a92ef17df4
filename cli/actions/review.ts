import { readFileSync } from "node:fs";
import { reviewed, seal } from "../../delivery/reviewed";
import { UserError } from "../../environments/model/problems";
import { commentLimit, renderMarkdown } from "../../review/markdown";
import { readAllowances } from "../../review/policy";
import { readInput } from "../../review/read";
import { review, ruleIds } from "../../review/review";
import { renderText } from "../../review/text";
import type { Risk } from "../../review/rules/rule";
import { failedByPolicy, type Format } from "../options/review-outcome";
import { fileOf } from "../options/terminal";

export interface ReviewOptions {
  readonly format: Format;
  readonly failOn: readonly Risk[];
  readonly commit?: string;
  readonly allow?: string;
}

export function reviewPlans(files: readonly string[], options: ReviewOptions): void {
  const result = review(
    files.map((file) => readInput(fileOf(file))),
    {
      failOn: options.failOn,
      allowances: options.allow === undefined ? undefined : readAllowances(readText(options.allow), ruleIds),
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
}

function readText(file: string): string {
  try {
    return readFileSync(fileOf(file), "utf8");
  } catch {
    throw new UserError(`${file} (--allow) cannot be read.`);
  }
}
