/** A service's job as Nomad has it. */
import { z } from "zod";
import { nomadApi } from "../connections/api";
import { ask as request } from "../connections/ask";
import { phaseMeta } from "../nomad/phase";
import type { Environment, EnvironmentService } from "../environments/model/environment";
import { groupName, hasJobspec, jobId, jobNamespace } from "../services/job-definition";
import { versionMeta } from "../nomad/version";
import type { Asked, JobStatus } from "./report";
import { troubleOf } from "./trouble";

const job = z.object({
  Status: z.string(),
  Stop: z.boolean().default(false),
  Version: z.number(),
  TaskGroups: z
    .array(
      z.object({
        Name: z.string().default(""),
        Count: z.number().default(1),
        Meta: z.record(z.string(), z.string()).nullish(),
      }),
    )
    .nullish(),
});
const deployment = z.object({ Status: z.string(), StatusDescription: z.string() }).nullable();
const allocations = z.array(z.object({ ClientStatus: z.string(), TaskGroup: z.string().optional() }));

/** @returns why it cannot be asked, if it cannot */
export async function nomadTrouble(
  { nomad }: Environment,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const path = `/v1/jobs?namespace=${encodeURIComponent(nomad.namespace)}&per_page=1`;
  return troubleOf(await request(nomadApi(nomad, env), path), "the token in NOMAD_TOKEN");
}

export async function jobStatus(
  { nomad }: Environment,
  { definition, phase }: Pick<EnvironmentService, "definition" | "phase">,
  env: NodeJS.ProcessEnv,
): Promise<Asked<JobStatus>> {
  const id = encodeURIComponent(jobId(definition));
  const namespace = encodeURIComponent(jobNamespace(definition, nomad.namespace));
  const ask = (part: string) => request(nomadApi(nomad, env), `/v1/job/${id}${part}?namespace=${namespace}`);
  const [found, deployed, placed] = await Promise.all([ask(""), ask("/deployment"), ask("/allocations")]);
  if (found.status === 404) return null;
  const trouble = troubleOf(found, "the token in NOMAD_TOKEN");
  if (trouble !== undefined) return { unknown: `Nomad ${trouble}` };
  const [the, last, all] = [
    job.safeParse(found.body),
    deployment.safeParse(deployed.body),
    allocations.safeParse(placed.body),
  ];
  if (!the.success || !last.success || !all.success)
    return { unknown: "Nomad's answer about the job cannot be read" };
  const groups = the.data.TaskGroups ?? [];
  const group = hasJobspec(definition)
    ? groups.find(({ Name }) => Name === groupName(definition))
    : groups[0];
  const meta = group?.Meta ?? {};
  // A job on its source is its definition's jobspec, without a mark of pgmoor's.
  const isKept = hasJobspec(definition) && definition.source !== undefined && phase === "prepared";
  return {
    phase: versionMeta in meta ? (meta[phaseMeta] ?? "prepared") : isKept ? "prepared" : null,
    status: the.data.Status,
    stopped: the.data.Stop,
    version: the.data.Version,
    running: all.data.filter(
      ({ ClientStatus, TaskGroup }) =>
        ClientStatus === "running" && (groups.length === 1 || TaskGroup === group?.Name),
    ).length,
    wanted: group?.Count ?? 0,
    deployment: last.data && { status: last.data.Status, description: last.data.StatusDescription },
  };
}
