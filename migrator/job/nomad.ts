/**
 * What a task asks Nomad about its own allocation, by the task API: a socket that Nomad puts beside the task's secrets.
 * Source: https://developer.hashicorp.com/nomad/api-docs/task-api
 */
import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";
import { z } from "zod";
import { messageOf } from "../base/errors";

const patienceMilliseconds = 10_000;

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
  const ask = async <S extends z.ZodType>(schema: S, what: string): Promise<z.output<S>> =>
    schema.parse(JSON.parse(await get(secrets, `/v1/${what}?namespace=${encodeURIComponent(namespace)}`)));
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
    log(`cannot read this task's deployment from Nomad: ${messageOf(error)}`);
    return undefined;
  }
}

function get(secrets: string, url: string): Promise<string> {
  const token = fs.readFileSync(path.join(secrets, "nomad_token"), "utf8");
  return new Promise((resolve, reject) => {
    const request = http.get(
      {
        socketPath: path.join(secrets, "api.sock"),
        path: url,
        headers: { Authorization: `Bearer ${token}` },
        timeout: patienceMilliseconds,
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => (text += part));
        response.on("error", reject);
        response.on("end", () => {
          if (response.statusCode !== 200) return reject(new Error(`HTTP ${response.statusCode} at ${url}`));
          resolve(text);
        });
      },
    );
    request.on("timeout", () => request.destroy(new Error(`no answer within ${patienceMilliseconds} ms`)));
    request.on("error", reject);
  });
}
