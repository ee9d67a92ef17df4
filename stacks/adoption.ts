/** Before the first deploy of a job that somebody else registered: what Nomad's own comparison says of the one that pgmoor makes. */
import type { TerraformStack } from "cdktf";
import { z } from "zod";
import { nomadApi } from "../connections/api";
import { ask } from "../connections/ask";
import { listed, warn } from "../constructs/warning";
import type { Environment, EnvironmentService } from "../environments/model/environment";
import type { Job } from "../nomad/job";
import { planChanges, type JobChange, type ObjectDiff } from "../nomad/plan-changes";
import { versionMeta } from "../nomad/version";
import { tell, tellServer, type ToldChanges } from "../services/job-changes";
import { jobId, jobNamespace } from "../services/job-definition";
import { serverJobName } from "../services/server-job";
import { tryJob } from "./try-job";
import { jobOrNothing, wantedServerJob } from "./wanted-job";

const running = z.object({
  Stop: z.boolean().nullish(),
  TaskGroups: z.array(z.object({ Meta: z.record(z.string(), z.string()).nullish() })).nullish(),
});
const planned = z.object({ Diff: z.looseObject({}).nullish() });

/** What a first deploy does to a job, or why Nomad does not say. */
export type Adoption = ToldChanges | string;

/** @returns nothing for a job that is not there, that pgmoor deployed last, or that cannot be made */
export function adoptionOf(
  environment: Environment,
  service: EnvironmentService,
  env: NodeJS.ProcessEnv,
): Promise<Adoption | undefined> {
  const { definition } = service;
  return compared({
    environment,
    namespace: jobNamespace(definition, environment.nomad.namespace),
    id: jobId(definition),
    wanted: () => jobOrNothing(environment, service),
    tell: (changes) => tell(definition, changes),
    env,
  });
}

/** Likewise, of the central server's job. @returns nothing unless it is taken over */
export async function serverAdoptionOf(
  environment: Environment,
  env: NodeJS.ProcessEnv,
): Promise<Adoption | undefined> {
  const { job } = environment.server;
  if (job?.existing !== "taken-over") return undefined;
  return compared({
    environment,
    namespace: environment.nomad.namespace,
    id: serverJobName(job),
    wanted: () => wantedServerJob(environment, job),
    tell: tellServer,
    env,
  });
}

interface Compared {
  readonly environment: Environment;
  readonly namespace: string;
  readonly id: string;
  /** @returns nothing when it cannot be made */
  readonly wanted: () => Job | undefined;
  readonly tell: (changes: readonly JobChange[]) => ToldChanges;
  readonly env: NodeJS.ProcessEnv;
}

async function compared(the: Compared): Promise<Adoption | undefined> {
  const { environment, id, env } = the;
  const namespace = encodeURIComponent(the.namespace);
  const found = await ask(
    nomadApi(environment.nomad, env),
    `/v1/job/${encodeURIComponent(id)}?namespace=${namespace}`,
  );
  const { data } = running.safeParse(found.body);
  if (found.status !== 200 || data === undefined || data.Stop === true) return undefined;
  if ((data.TaskGroups ?? []).some(({ Meta }) => Meta?.[versionMeta] !== undefined)) return undefined;
  const job = the.wanted();
  if (job === undefined) return undefined;
  const answer = await tryJob(environment.nomad, job, env);
  const plan = planned.safeParse(answer.body);
  if (answer.status !== 200 || !plan.success)
    return `Nomad does not compare the running job ${id} with the one that pgmoor makes (${answer.status === undefined ? "no answer" : `HTTP ${answer.status}`}; the token in NOMAD_TOKEN needs submit-job). So nobody knows what the first deploy changes of it.`;
  return the.tell(planChanges(plan.data.Diff as ObjectDiff | null | undefined));
}

/** Has every plan of the stack say it. The review reads the warnings by these names, a line for each change. */
export function warnOfAdoption(stack: TerraformStack, job: string, adoption: Adoption): void {
  if (typeof adoption === "string") return warn(stack, "job_changes", adoption);
  const { changes, loses } = adoption;
  if (changes.length > 0)
    warn(stack, "job_changes", listed(`The first deploy of ${job} changes of the running job:`, changes));
  if (loses.length > 0)
    warn(
      stack,
      "job_loses",
      listed(`The running job of ${job} has what its definition does not say. A deploy would lose:`, loses),
    );
}
