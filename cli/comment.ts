import { InvalidArgumentError, type Command } from "commander";
import type * as Action from "./actions/comment";

export function addComment(program: Command): void {
  const comment = program
    .command("comment")
    .description("write or fetch a pull request's comment, in GitHub or Gitea Actions");
  comment
    .command("write")
    .description("write a comment, or replace the one that begins with the same line")
    .argument("<file>")
    .requiredOption("--pull <number>", "the pull request", wholeNumber)
    .action((file: string, options: { pull: number }) =>
      (require("./actions/comment") as typeof Action).writeComment(file, options),
    );
  comment
    .command("reviewed")
    .description("fetch the review of the pull request that a commit merged")
    .argument("<file>", "where to write the comment")
    .requiredOption("--merged <sha>")
    .action((file: string, options: { merged: string }) =>
      (require("./actions/comment") as typeof Action).fetchReview(file, options),
    );
}

function wholeNumber(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError("Allowed: a pull request's number.");
  return Number(value);
}
