/** Asks Nomad for jobs, and what it would change. */
import { z } from "zod";
import { nomadApi } from "../connections/api";
import { ask as request } from "../connections/ask";
import { UserError } from "../environments/model/problems";
import type { Environment } from "../environments/model/environment";
import type { Job } from "../nomad/job";
import { planChanges, type JobChange, type ObjectDiff } from "../nomad/plan-changes";
import type { Json } from "./plain-job";

const stubs = z.array(
  z.object({ ID: z.string(), ParentID: z.string().nullish(), Stop: z.boolean().nullish() }),
);
const running = z.looseObject({ ID: z.string(), TaskGroups: z.array(z.looseObject({})).nullish() });
const planned = z.object({ Diff: z.looseObject({}).nullish() });

export interface Asking {
  readonly nomad: Environment["nomad"];
  readonly env: NodeJS.ProcessEnv;
}

/** The IDs of the jobs of the namespace that run. @throws {UserError} */
export async function jobIds(asking: Asking): Promise<string[]> {
  const found = await ask(asking, "/v1/jobs");
  return stubs
    .parse(found)
    .filter(({ ParentID, Stop }) => !ParentID && Stop !== true)
    .map(({ ID }) => ID)
    .sort();
}

/** The job as Nomad has it. @throws {UserError} when there is none */
export async function runningJob(asking: Asking, id: string): Promise<Json> {
  return running.parse(await ask(asking, `/v1/job/${encodeURIComponent(id)}`, id));
}

const allocations = z.array(
  z.object({ ID: z.string(), TaskGroup: z.string(), ClientStatus: z.string(), NodeID: z.string() }),
);
export type Allocation = z.infer<typeof allocations>[number];

/** The job's allocations, of every state. @throws {UserError} */
export async function allocationsOf(asking: Asking, id: string): Promise<Allocation[]> {
  return allocations.parse(await ask(asking, `/v1/job/${encodeURIComponent(id)}/allocations`, id));
}

/** What Nomad would change if it got this job, in its own words. Nothing is registered. @throws {UserError} */
export async function changesTo(asking: Asking, job: Job): Promise<JobChange[]> {
  const path = `/v1/job/${encodeURIComponent(job.ID)}/plan`;
  const found = planned.parse(await ask(asking, path, job.ID, { Job: job, Diff: true }));
  return planChanges(found.Diff as ObjectDiff | null | undefined);
}

async function ask({ nomad, env }: Asking, path: string, job?: string, body?: unknown): Promise<unknown> {
  const answer = await request(
    nomadApi(nomad, env),
    `${path}?namespace=${encodeURIComponent(nomad.namespace)}`,
    { body },
  );
  if (answer.status === 200) return answer.body;
  if (answer.status === undefined)
    throw new UserError(
      `Nomad at ${nomad.address} ${answer.why}. Is nomad.address of the environment right?`,
    );
  if (answer.status === 404 && job !== undefined)
    throw new UserError(`Nomad has no job "${job}" in the namespace ${nomad.namespace}.`);
  if (answer.status === 403)
    throw new UserError(
      `Nomad refuses ${path}: the token in NOMAD_TOKEN needs read-job, list-jobs and submit-job in the namespace ${nomad.namespace} (a plan needs submit-job; adopt registers nothing).`,
    );
  const words = typeof answer.body === "string" ? `: ${answer.body.replace(/\s+/g, " ").slice(0, 300)}` : "";
  throw new UserError(`Nomad answers ${answer.status} to ${path}${words}`);
}
