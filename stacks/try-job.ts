/** Nomad's own comparison of a job with the one that runs. It registers nothing. */
import { nomadApi } from "../connections/api";
import { ask, type Answer, type NoAnswer } from "../connections/ask";
import type { Environment } from "../environments/model/environment";
import type { Job } from "../nomad/job";

export function tryJob(
  nomad: Environment["nomad"],
  job: Job,
  env: NodeJS.ProcessEnv,
): Promise<Answer | NoAnswer> {
  const namespace = encodeURIComponent(job.Namespace ?? nomad.namespace);
  return ask(nomadApi(nomad, env), `/v1/job/${encodeURIComponent(job.ID)}/plan?namespace=${namespace}`, {
    body: { Job: job, Diff: true },
  });
}
