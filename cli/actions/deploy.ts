import { readFileSync, writeFileSync } from "node:fs";
import { deployServices, type Result } from "../../delivery/deploying";
import { deployReport } from "../../delivery/report";
import { unseal, type Reviewed } from "../../delivery/reviewed";
import { ownStacks } from "../../environments/model/own-stacks";
import { UserError } from "../../environments/model/problems";
import { environmentFolder } from "../../stacks/output";
import { synthesize } from "../../stacks/synthesize";
import { fileOf } from "../options/terminal";
import { stacksOf } from "../options/services";

export interface DeployOptions {
  readonly reviewed: string;
  readonly commit: string;
  readonly out: string;
  readonly report?: string;
}

export async function deploy(names: readonly string[], options: DeployOptions): Promise<void> {
  const { reviewed, commit, out, report } = options;
  const seen = readReviewed(reviewed, commit);
  const environment = await synthesize();
  const known = new Set(stacksOf(environment, []));
  const changing = Object.keys(seen.services).filter((service) => known.has(service));
  const services = names.length > 0 ? stacksOf(environment, names) : serverFirst(changing.reverse());
  const planning = { synthesized: environmentFolder(environment.name), out: fileOf(out) };
  const results = await deployServices(environment, planning, services, seen, (line) => console.error(line));
  const text = deployReport(results);
  if (report !== undefined) writeFileSync(fileOf(report), text);
  process.stdout.write(text);
  process.exitCode = exitCode(results);
}

/** Services wait for their server. */
function serverFirst(stacks: readonly string[]): string[] {
  const isServer = (stack: string) => stack === ownStacks.server;
  return [...stacks.filter(isServer), ...stacks.filter((stack) => !isServer(stack))];
}

function readReviewed(file: string, commit: string): Reviewed {
  let text: string;
  try {
    text = readFileSync(fileOf(file), "utf8");
  } catch {
    throw new UserError(`${file} (--reviewed) cannot be read.`);
  }
  const seen = unseal(text, commit);
  if (seen === undefined)
    throw new UserError(
      `${file} is not a review of ${commit}. Make it with: pgmoor review … --format markdown --commit ${commit}`,
    );
  if (seen.verdict === "fail")
    throw new UserError(
      `The review of ${commit} failed: nothing is deployed. Correct the change, or accept the risks in the pull request's description.`,
    );
  return seen;
}

function exitCode(results: readonly Result[]): number {
  if (results.some(({ outcome }) => outcome === "refused")) return 2;
  return results.some(({ outcome }) => outcome === "failed") ? 1 : 0;
}
