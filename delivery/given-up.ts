/** A deployment that Terraform no longer waits for, and Nomad still does: nobody would be there when it goes on. */
import { z } from "zod";
import { versionMeta } from "../nomad/version";
import type { Environment } from "../environments/model/environment";
import { askNomad } from "./ask-nomad";

const deployment = z.object({
  ID: z.string(),
  JobVersion: z.number(),
  Status: z.string(),
  TaskGroups: z.record(z.string(), z.object({ PlacedAllocs: z.number() })),
});
const job = z.object({
  Version: z.number(),
  TaskGroups: z.array(z.object({ Meta: z.record(z.string(), z.string()).nullish() })),
});
const allocations = z.array(
  z.object({
    TaskStates: z.record(z.string(), z.object({ State: z.string(), Failed: z.boolean() })).nullish(),
  }),
);
const reverted = z.object({ RevertedJobVersion: z.number().nullish() });

/** Only the group that uses the database carries it, and an adopted job may have others before that one. */
function versionOf(groups: z.infer<typeof job>["TaskGroups"]): string | undefined {
  return groups.map(({ Meta }) => Meta?.[versionMeta]).find((version) => version !== undefined);
}

export interface GivenUp {
  readonly nomad: Environment["nomad"];
  readonly job: string;
  readonly namespace: string;
  /** Which version was applied (`nomad/version.ts`). */
  readonly version: string;
}

/**
 * Fails the deployment of the version that was applied, if it is still under way: Nomad puts the old version back. A cutover
 * that waits for a place would otherwise move the service by itself, whenever there is one. The deployment of a version that
 * Nomad has put back already is left alone. So is one whose task `confirm` has succeeded: the app writes to the other side
 * already, and would leave these rows behind.
 *
 * @returns what was done, for the person who reads the error; undefined where no such deployment is under way
 */
export async function endDeployment(
  { nomad, job: id, namespace, version }: GivenUp,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const ask = async (method: "GET" | "PUT", path: string): Promise<unknown> =>
    (await askNomad({ nomad, namespace, env }, path, { method })).body;
  const name = encodeURIComponent(id);
  try {
    const { Version, TaskGroups } = job.parse(await ask("GET", `job/${name}`));
    if (versionOf(TaskGroups) !== version) return undefined;
    const found = await ask("GET", `job/${name}/deployment`);
    if (found === null) return undefined;
    const { ID, JobVersion, Status, TaskGroups: groups } = deployment.parse(found);
    if (Status !== "running" || JobVersion !== Version) return undefined;
    const placedOnes = allocations.parse(await ask("GET", `deployment/allocations/${ID}`));
    if (placedOnes.some(isConfirmed))
      return `The service is confirmed where it was to go, so its deployment continues: nomad deployment status -namespace ${namespace} ${ID.slice(0, 8)}. When it is successful, deploy again.`;
    const { RevertedJobVersion } = reverted.parse(await ask("PUT", `deployment/fail/${ID}`));
    const placed = Object.values(groups).some(({ PlacedAllocs }) => PlacedAllocs > 0);
    const waited = placed ? "was not healthy in time" : "found no client with free resources";
    const old =
      RevertedJobVersion == null
        ? "Nomad has no stable version to revert to."
        : `Nomad reverts to version ${RevertedJobVersion}.`;
    return `The job ${waited}, so its deployment was failed. ${old}`;
  } catch (error) {
    return `pgmoor could not find out whether its deployment still waits (${(error as Error).message}). If \`nomad job deployments -namespace ${namespace} ${id}\` shows a running one, end it with \`nomad deployment fail -namespace ${namespace} ID\`: otherwise it continues later by itself.`;
  }
}

function isConfirmed({ TaskStates }: z.infer<typeof allocations>[number]): boolean {
  const confirm = TaskStates?.confirm;
  return confirm?.State === "dead" && !confirm.Failed;
}

const planned = z.object({
  ID: z.string(),
  Namespace: z.string().optional(),
  TaskGroups: job.shape.TaskGroups,
});

export interface PlannedJob {
  readonly id: string;
  readonly namespace: string;
  /** Absent: the definition's own jobspec, as it is. */
  readonly version?: string | undefined;
}

/** The job that a plan of a service's stack registers. */
export function plannedJob(jobspec: unknown): PlannedJob | undefined {
  if (typeof jobspec !== "string") return undefined;
  const parsed = planned.safeParse(JSON.parse(jobspec));
  if (!parsed.success) return undefined;
  const { ID: id, Namespace: namespace = "default", TaskGroups } = parsed.data;
  return { id, namespace, version: versionOf(TaskGroups) };
}
