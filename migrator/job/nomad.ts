/** What a task asks Nomad about its own allocation. */
import { z } from "zod";
import { messageOf } from "../base/errors";
import { askNomad } from "../base/nomad-task-api";

/** The deployment of a version that has not succeeded yet: somebody waits for it, and Nomad has an older version to go back to. */
export interface NewVersion {
  /** Seconds from the job's latest registration until Nomad placed this allocation. */
  readonly waitedSeconds: number;
}

/** Times are in nanoseconds, and all of Nomad's servers: a client's clock does not matter. */
const allocationSchema = z.object({
  JobID: z.string(),
  CreateTime: z.number(),
  DeploymentID: z.string().default(""),
  Job: z.object({ SubmitTime: z.number(), Stable: z.boolean() }),
});
const deploymentSchema = z.object({ Status: z.string() });
const evaluationsSchema = z.array(z.object({ TriggeredBy: z.string(), CreateTime: z.number() }));

/**
 * Whether this allocation is part of the deployment of a new version.
 * @returns undefined where it is not, and where Nomad does not say; `log` is told why.
 */
export async function newVersion(
  env: NodeJS.ProcessEnv,
  log: (line: string) => void,
): Promise<NewVersion | undefined> {
  const { NOMAD_SECRETS_DIR: secrets, NOMAD_ALLOC_ID: id, NOMAD_NAMESPACE: namespace = "default" } = env;
  if (secrets === undefined || id === undefined) return undefined;
  const ask = <S extends z.ZodType>(schema: S, what: string): Promise<z.output<S>> =>
    askNomad(secrets, namespace, what, schema);
  try {
    const { JobID, CreateTime, DeploymentID, Job } = await ask(allocationSchema, `allocation/${id}`);
    if (DeploymentID === "" || Job.Stable) return undefined;
    const { Status } = await ask(deploymentSchema, `deployment/${DeploymentID}`);
    if (Status !== "running") return undefined;
    // A job that is registered again as it is keeps its time; only an evaluation tells of it.
    const evaluations = await ask(evaluationsSchema, `job/${encodeURIComponent(JobID)}/evaluations`);
    const registered = evaluations
      .filter((one) => one.TriggeredBy === "job-register" && one.CreateTime <= CreateTime)
      .map((one) => one.CreateTime);
    return { waitedSeconds: (CreateTime - Math.max(Job.SubmitTime, ...registered)) / 1e9 };
  } catch (error) {
    log(
      `cannot read this task's deployment from Nomad: ${messageOf(error)}. With Nomad's ACLs, tasks need a policy that reads jobs (docs/connect-to-your-cluster.md#tokens)`,
    );
    return undefined;
  }
}
