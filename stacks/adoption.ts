/** Before the first deploy of a job that somebody else registered: what Nomad's own comparison says of the one that pgmoor makes. */
import { z } from "zod";
import { nomadApi } from "../connections/api";
import { ask as request } from "../connections/ask";
import { BrokenJob } from "../constructs/job/change";
import type { Environment, EnvironmentService } from "../environments/model/environment";
import type { Job } from "../nomad/job";
import { planChanges, type ObjectDiff } from "../nomad/plan-changes";
import { versionMeta } from "../nomad/version";
import { tell, type ToldChanges } from "../services/job-changes";
import { jobId, jobNamespace } from "../services/job-definition";
import { wantedJob } from "./wanted-job";

const running = z.object({
  Stop: z.boolean().nullish(),
  TaskGroups: z.array(z.object({ Meta: z.record(z.string(), z.string()).nullish() })).nullish(),
});
const planned = z.object({ Diff: z.looseObject({}).nullish() });

/** What a first deploy does to a job, or why Nomad does not say. */
export type Adoption = ToldChanges | string;

/** @returns nothing for a job that is not there, that pgmoor deployed last, or that cannot be made */
export async function adoptionOf(
  environment: Environment,
  service: EnvironmentService,
  env: NodeJS.ProcessEnv,
): Promise<Adoption | undefined> {
  const { definition } = service;
  const namespace = encodeURIComponent(jobNamespace(definition, environment.nomad.namespace));
  const ask = (end: string, body?: unknown) =>
    request(
      nomadApi(environment.nomad, env),
      `/v1/job/${encodeURIComponent(jobId(definition))}${end}?namespace=${namespace}`,
      { body },
    );
  const found = await ask("");
  const { data } = running.safeParse(found.body);
  if (found.status !== 200 || data === undefined || data.Stop === true) return undefined;
  if ((data.TaskGroups ?? []).some(({ Meta }) => Meta?.[versionMeta] !== undefined)) return undefined;
  const job = jobOrNothing(environment, service);
  if (job === undefined) return undefined;
  const answer = await ask("/plan", { Job: job, Diff: true });
  const plan = planned.safeParse(answer.body);
  if (answer.status !== 200 || !plan.success)
    return `Nomad does not compare the running job ${jobId(definition)} with the one that pgmoor makes (${answer.status === undefined ? "no answer" : `HTTP ${answer.status}`}; the token in NOMAD_TOKEN needs submit-job). So nobody knows what the first deploy changes of it.`;
  return tell(definition, planChanges(plan.data.Diff as ObjectDiff | null | undefined));
}

/** Who synthesizes the stacks says why a job cannot be made. */
function jobOrNothing(...[environment, service]: Parameters<typeof wantedJob>): Job | undefined {
  try {
    return wantedJob(environment, service);
  } catch (error) {
    if (error instanceof BrokenJob) return undefined;
    throw error;
  }
}
