import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { Forge } from "../../delivery/forge";
import { UserError } from "../../environments/model/problems";
import { commentMarker } from "../../review/markdown";
import { fileOf } from "../options/terminal";

export async function writeComment(file: string, { pull }: { pull: number }): Promise<void> {
  const body = readFileSync(fileOf(file), "utf8");
  await Forge.fromActions().comment(pull, body.slice(0, body.indexOf("\n")), body);
}

export async function fetchReview(file: string, { merged }: { merged: string }): Promise<void> {
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
}
