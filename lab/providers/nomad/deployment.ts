import { z } from "zod";
import { parseDuration } from "../duration";
import { pathOf, type Call } from "../http";
import { Fault } from "../protocol/fault";
import type { Nomad } from "./client";
import { failedTasks } from "./failed-tasks";

const evaluation = z.object({
  ID: z.string(),
  Status: z.string(),
  StatusDescription: z.string().optional(),
  NextEval: z.string().optional(),
  DeploymentID: z.string().optional(),
});

const deployment = z.object({ ID: z.string(), Status: z.string(), StatusDescription: z.string() });

export type Deployment = z.infer<typeof deployment>;

/**
 * Waits until a job's deployment has ended.
 *
 * @param timeout a Go duration, for evaluation and deployment together
 * @returns undefined for a job that is not deployed (a batch job, or nothing to change)
 * @throws a {@link Fault} with Nomad's own reason, and which task failed why, when it did not succeed
 */
export async function followDeployment(
  nomad: Nomad,
  job: { ID: string; Namespace: string },
  evaluationId: string,
  timeout: string,
  signal: AbortSignal,
): Promise<Deployment | undefined> {
  const waiting = { nomad, job, timeout, deadline: Date.now() + parseDuration(timeout) * 1000, signal };

  let evaluated = await waitFor(waiting, ["v1/evaluation", evaluationId], evaluation, isOver);
  while (evaluated.NextEval && evaluated.Status === "complete") {
    evaluated = await waitFor(waiting, ["v1/evaluation", evaluated.NextEval], evaluation, isOver);
  }
  if (evaluated.Status !== "complete") {
    throw failure(job, `evaluation failed: ${evaluated.StatusDescription ?? evaluated.Status}`, "");
  }
  if (!evaluated.DeploymentID) return undefined;

  const path = ["v1/deployment", evaluated.DeploymentID];
  const deployed = await waitFor(waiting, path, deployment, ({ Status }) =>
    ["successful", "failed", "cancelled"].includes(Status),
  );
  if (deployed.Status !== "successful") {
    throw failure(
      job,
      `deployment '${deployed.ID}' terminated with status '${deployed.Status}': '${deployed.StatusDescription}'`,
      // The real provider says no more than that; which task failed, and why, is what one wants to know next.
      await failedTasks(nomad, job.Namespace, deployed.ID),
    );
  }
  return deployed;
}

function isOver({ Status }: { Status: string }): boolean {
  return ["complete", "failed", "cancelled"].includes(Status);
}

function failure(job: { ID: string }, reason: string, detail: string): Fault {
  return new Fault(`error waiting for job '${job.ID}' to schedule/deploy successfully: ${reason}`, detail);
}

/** Seconds that Nomad may hold one answer back. */
const longestAsk = 60;

interface Waiting {
  readonly nomad: Nomad;
  readonly job: { ID: string; Namespace: string };
  readonly timeout: string;
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/** Asks for something again and again, each time when Nomad says that it has changed, until it is `done`. */
async function waitFor<T extends { Status: string }>(
  { nomad, job, timeout, deadline, signal }: Waiting,
  path: string[],
  shape: z.ZodType<T>,
  done: (found: T) => boolean,
): Promise<T> {
  let index = "0";
  for (;;) {
    const seconds = Math.min(longestAsk, Math.max(1, Math.ceil((deadline - Date.now()) / 1000)));
    const request: Call = {
      query: { namespace: job.Namespace, index, wait: `${seconds}s` },
      signal,
      seconds: seconds + 30,
    };
    const answer = await nomad.get(pathOf(...path), request);
    if (!answer) throw failure(job, `${path.join("/")} is gone`, "");
    const found = shape.parse(answer.body);
    if (done(found)) return found;
    if (Date.now() >= deadline) {
      throw failure(
        job,
        `still ${found.Status} after ${timeout}`,
        "It continues in Nomad. Look there what it waits for. If it is only slow, raise the resource's timeouts.",
      );
    }
    index = String(answer.headers["x-nomad-index"] ?? "0");
  }
}
