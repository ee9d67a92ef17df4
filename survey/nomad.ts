/** Asks Nomad which jobs it has. */
import { z } from "zod";
import { nomadApi } from "../connections/api";
import { ask } from "../connections/ask";
import type { Environment } from "../environments/model/environment";
import { phaseMeta } from "../nomad/phase";
import { jobId, jobNamespace, type Definition } from "../services/job-definition";
import type { Presence } from "./found";

const job = z.object({
  Stop: z.boolean().optional(),
  TaskGroups: z.array(z.object({ Meta: z.record(z.string(), z.string()).nullish() })).nullish(),
});

export interface FoundJob {
  readonly presence: Presence;
  /** Whether the job that runs is on the server, moves there or comes from there. */
  readonly onServer: boolean;
}

export async function findJob(
  { nomad }: Environment,
  definition: Definition,
  env: NodeJS.ProcessEnv,
): Promise<FoundJob> {
  const namespace = jobNamespace(definition, nomad.namespace);
  const path = `${encodeURIComponent(jobId(definition))}?namespace=${encodeURIComponent(namespace)}`;
  const found = await ask(nomadApi(nomad, env), `/v1/job/${path}`);
  if (found.status === 404) return { presence: "absent", onServer: false };
  const { data } = job.safeParse(found.body);
  if (found.status !== 200 || data === undefined) return { presence: "unknown", onServer: false };
  return {
    presence: data.Stop === true ? "absent" : "present",
    onServer: (data.TaskGroups ?? []).some(({ Meta }) => Meta?.[phaseMeta] !== undefined),
  };
}
