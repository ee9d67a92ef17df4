/** pgmoor's jobs that back up and test, run now and waited for. */
import { call } from "../servers/api";
import { waitFor } from "../servers/wait";
import type { Allocation } from "../story/nomad-api";
import type { Ground } from "./ground";

export interface Ended {
  readonly succeeded: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Has Nomad run a periodic job now. @returns the job of this run */
export async function force({ lab }: Pick<Ground, "lab">, job: string): Promise<string> {
  const { EvalID } = await call<{ EvalID: string }>(`${lab.nomad.address}/v1/job/${job}/periodic/force`, {
    method: "PUT",
  });
  const { JobID } = await call<{ JobID: string }>(`${lab.nomad.address}/v1/evaluation/${EvalID}`);
  return encodeURIComponent(JobID);
}

/** Its allocation, as soon as the task runs. */
export async function running(
  { nomad }: Pick<Ground, "nomad">,
  job: string,
  task: string,
): Promise<Allocation> {
  return waitFor({ what: `${job} runs`, deadlineSeconds: 60 }, async () => {
    const [allocation] = await nomad.allocations(job);
    return allocation?.TaskStates?.[task]?.State === "running" && allocation;
  });
}

export async function ended({ nomad }: Pick<Ground, "nomad">, job: string, task: string): Promise<Ended> {
  const allocation = await waitFor({ what: `${job} ends`, deadlineSeconds: 300, everyMs: 200 }, async () => {
    const [newest] = await nomad.allocations(job);
    return newest?.TaskStates?.[task]?.State === "dead" && newest;
  });
  const stdout = await nomad.log(allocation, task, "stdout");
  // Nomad does not call a task failed that was stopped. One that has done its work reports in its last line.
  const reported = stdout.split("\n").at(-1)!.startsWith("{");
  return {
    succeeded: allocation.TaskStates?.[task]?.Failed === false && reported,
    stdout,
    stderr: await nomad.log(allocation, task, "stderr"),
  };
}

export async function backUp(ground: Pick<Ground, "lab" | "nomad">): Promise<Ended> {
  return ended(ground, await force(ground, "pgmoor-backup"), "backup");
}

export async function testRestore(ground: Pick<Ground, "lab" | "nomad">): Promise<Ended> {
  return ended(ground, await force(ground, "pgmoor-restore-test"), "test-restore");
}
