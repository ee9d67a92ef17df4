/**
 * A job that Nomad runs otherwise than it was deployed: somebody changed it by hand. Terraform sees such a change only when it
 * came with its jobspec (`nomad job run` and Nomad's UI send one; the API, `nomad job revert` and `nomad job scale` do not).
 */
import type { TerraformStack } from "cdktf";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { listed, warn } from "../constructs/warning";
import type { Environment, EnvironmentService } from "../environments/model/environment";
import { planChanges, type ObjectDiff } from "../nomad/plan-changes";
import { words } from "../services/job-changes";
import { tryJob } from "./try-job";
import { jobOrNothing } from "./wanted-job";

const planned = z.object({ JobModifyIndex: z.number(), Diff: z.looseObject({}).nullish() });

export interface Drift {
  /**
   * Nomad's index of the version that was changed by hand. It goes into the jobspec as `JobModifyIndex`, which Nomad ignores:
   * so Terraform has something to deploy, and Nomad replaces no allocation for it. It stays there until the definition changes.
   */
  readonly over: number;
  /** What a deploy puts back; empty when an earlier deploy has. */
  readonly changes: readonly string[];
}

/**
 * @param deployed the jobspec that Terraform's state has; undefined without one
 * @returns undefined when nothing was changed by hand, when Terraform deploys the job anyway, or when Nomad does not compare
 */
export async function driftOf(
  environment: Environment,
  service: EnvironmentService,
  deployed: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<Drift | undefined> {
  const before = parsed(deployed);
  const job = before && jobOrNothing(environment, service);
  if (before === undefined || job === undefined) return undefined;
  const { JobModifyIndex: over, ...rest } = before;
  // Without what JSON does not have.
  if (!isDeepStrictEqual(rest, JSON.parse(JSON.stringify(job)))) return undefined;
  const kept = typeof over === "number" ? { over, changes: [] } : undefined;
  const answer = await tryJob(environment.nomad, job, env);
  const plan = planned.safeParse(answer.body);
  // Index 0: there is no job, and Terraform makes it.
  if (answer.status !== 200 || !plan.success || plan.data.JobModifyIndex === 0) return kept;
  const changes = planChanges(plan.data.Diff as ObjectDiff | null | undefined).map(words);
  return changes.length === 0 ? kept : { over: plan.data.JobModifyIndex, changes };
}

function parsed(jobspec: string | undefined): Record<string, unknown> | undefined {
  try {
    const job: unknown = JSON.parse(jobspec ?? "");
    return typeof job === "object" && job !== null ? (job as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Has every plan of the stack say it. The review reads the warning by its name. */
export function warnOfDrift(stack: TerraformStack, service: string, { changes }: Drift): void {
  if (changes.length === 0) return;
  const first = `Nomad does not run the job of ${service} as it was deployed: somebody changed it, or Nomad reverted it. This deploy puts back:`;
  warn(stack, "job_drift", listed(first, changes));
}
