import { InvalidArgumentError, type Command } from "commander";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { Forge } from "../delivery/forge";
import { UserError } from "../environments/model/problems";
import { fileOf } from "./options/run-against";
import { commentMarker } from "../review/markdown";

export function addComment(program: Command): void {
  const comment = program
    .command("comment")
    .description("write or fetch a pull request's comment, in GitHub or Gitea Actions");
  comment
    .command("write")
    .description("write a comment, or replace the one that begins with the same line")
    .argument("<file>")
    .requiredOption("--pull <number>", "the pull request", wholeNumber)
    .action(async (file: string, { pull }: { pull: number }) => {
      const body = readFileSync(fileOf(file), "utf8");
      await Forge.fromActions().comment(pull, body.slice(0, body.indexOf("\n")), body);
    });
  comment
    .command("reviewed")
    .description("fetch the review of the pull request that a commit merged")
    .argument("<file>", "where to write the comment")
    .requiredOption("--merged <sha>")
    .action(async (file: string, { merged }: { merged: string }) => {
      const forge = Forge.fromActions();
      const pull = await forge.pullOf(merged);
      if (pull === undefined)
        throw new UserError(`${merged} was not merged by a pull request, so its plan was not reviewed.`);
      const found = await forge.find(pull.number, commentMarker);
      if (found === undefined) throw new UserError(`Pull request ${pull.number} has no review by pgmoor.`);
      writeFileSync(fileOf(file), found.body);
      const outputs = `pull=${pull.number}\nhead=${pull.head.sha}\n`;
      if (process.env.GITHUB_OUTPUT) appendFileSync(process.env.GITHUB_OUTPUT, outputs);
      process.stdout.write(outputs);
    });
}

function wholeNumber(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError("Allowed: a pull request's number.");
  return Number(value);
}
