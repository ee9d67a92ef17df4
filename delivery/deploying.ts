/** Deploys what was reviewed: one service at a time, planned afresh, and nothing that is worse than what was seen. */
import { join, resolve } from "node:path";
import type { Environment } from "../environments/model/environment";
import { allocationIds, failedTask } from "./failed-task";
import { endDeployment, plannedJob } from "./given-up";
import { planService, savedPlanFile, stackFolder, type Planning } from "./planning";
import { worseThan, type Reviewed } from "./reviewed";
import { errorWords, terraform } from "./terraform";
import { readInput } from "../review/read";
import { review, type ServiceReview } from "../review/review";
import { Secrets } from "../review/secrets";

export type Result =
  | { readonly service: string; readonly outcome: "applied"; readonly happens: readonly string[] }
  | { readonly service: string; readonly outcome: "nothing to do" | "not reached" }
  /** `why`: what nobody has reviewed, or Terraform's words. */
  | { readonly service: string; readonly outcome: "refused" | "failed"; readonly why: readonly string[] };

/** @param say told before each service */
export async function deployServices(
  environment: Environment,
  planning: Planning,
  services: readonly string[],
  seen: Reviewed,
  say: (line: string) => void,
): Promise<Result[]> {
  const results: Result[] = [];
  let stopped = false;
  for (const service of services) {
    if (stopped) {
      results.push({ service, outcome: "not reached" });
      continue;
    }
    say(`${service}: planning again`);
    const result = await deployService(environment, planning, service, seen, say);
    results.push(result);
    stopped = result.outcome === "refused" || result.outcome === "failed";
  }
  return results;
}

async function deployService(
  environment: Environment,
  planning: Planning,
  service: string,
  seen: Reviewed,
  say: (line: string) => void,
): Promise<Result> {
  const plan = await planService(planning, service);
  const now = review([readInput(plan)]).services[0]!;
  if (now.details.length === 0 && now.findings.length === 0) return { service, outcome: "nothing to do" };
  const why = [...failedReasons(now), ...worseThan(seen, now).map((word) => `not reviewed: ${word}`)];
  if (why.length > 0) return { service, outcome: "refused", why };
  say(`${service}: ${now.happens.join("; ")}`);
  const saved = join(resolve(planning.out, service), savedPlanFile);
  const job = plannedJob(jobspecOf(plan));
  const running = job && { nomad: environment.nomad, job: job.id, namespace: job.namespace };
  const before = running && (await allocationIds(running, process.env));
  const applied = await terraform(stackFolder(planning, service), ["apply", "-input=false", saved], true);
  if (applied.succeeded) return { service, outcome: "applied", happens: now.happens };
  const words = [errorWords(applied), running && (await failedTask(running, before, process.env))];
  const version = job?.version;
  const ended =
    running && version !== undefined ? await endDeployment({ ...running, version }, process.env) : undefined;
  const told = words.filter((one) => one !== undefined).map(withoutSecrets);
  return { service, outcome: "failed", why: [...told, ...(ended === undefined ? [] : [ended])] };
}

/** Of the job that the plan is to register. */
function jobspecOf(file: string): unknown {
  const { plan } = readInput(file);
  if ("pgmoor" in plan) return undefined;
  return plan.resource_changes.find(({ type }) => type === "nomad_job")?.change.after?.jobspec;
}

/** What a provider says may hold anything. */
function withoutSecrets(words: string): string {
  const secrets = new Secrets();
  secrets.note(words);
  return secrets.text(words);
}

function failedReasons({ findings }: ServiceReview): string[] {
  return findings.filter(({ risk }) => risk === "failed").map(({ reason }) => reason);
}
