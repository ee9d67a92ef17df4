/** What Nomad and Consul say of a service's job. */
import { z } from "zod";
import { askNomad, NomadSaysNo } from "../base/nomad-task-api";
import type { FactsConfig, WatchedService } from "./config";

const jobSchema = z.object({
  TaskGroups: z
    .array(z.object({ Meta: z.record(z.string(), z.string()).nullish() }))
    .nullish()
    .transform((groups) => groups ?? []),
});
const allocationsSchema = z.array(z.object({ ClientStatus: z.string() }));
const checksSchema = z.array(z.object({ Checks: z.array(z.object({ Status: z.string() })) }));

export interface JobFacts {
  /** The phase in which it was deployed; `null`: it runs on its source, or nobody deployed it. */
  readonly deployed: string | null;
  /** Whether it runs and its check passes; `null`: nobody could tell. */
  readonly up: boolean | null;
}

/** What the other fields of a fact are while nobody can tell. */
export const unknownJob: JobFacts = { deployed: null, up: null };

/**
 * @param secrets the task's `NOMAD_SECRETS_DIR`
 * @throws what Nomad says
 */
export async function jobFacts(
  secrets: string,
  { consul, phaseMeta }: Pick<FactsConfig, "consul" | "phaseMeta">,
  { job, namespace, group, health }: WatchedService,
): Promise<JobFacts> {
  const ask = <S extends z.ZodType>(schema: S, part: string): Promise<z.output<S>> =>
    askNomad(secrets, namespace, `job/${encodeURIComponent(job)}${part}`, schema);
  try {
    const [found, allocations, passing] = await Promise.all([
      ask(jobSchema, ""),
      ask(allocationsSchema, "/allocations"),
      isPassing(consul, health),
    ]);
    const running = allocations.some(({ ClientStatus }) => ClientStatus === "running");
    return {
      deployed: found.TaskGroups[group]?.Meta?.[phaseMeta] ?? "prepared",
      up: running && passing !== false,
    };
  } catch (error) {
    if (error instanceof NomadSaysNo && error.status === 404) return { deployed: null, up: false };
    throw error;
  }
}

/** @returns undefined where Consul does not say, or has no such service: not every job is one */
async function isPassing(consul: string, service: string): Promise<boolean | undefined> {
  try {
    const answer = await fetch(`${consul}/v1/health/service/${encodeURIComponent(service)}`, {
      signal: AbortSignal.timeout(5_000),
    });
    const instances = checksSchema.parse(await answer.json());
    if (instances.length === 0) return undefined;
    return instances.some(({ Checks }) => Checks.every(({ Status }) => Status !== "critical"));
  } catch {
    return undefined;
  }
}
