/** Runs pgmoor's jobs that back up and restore, and follows what they say. */
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { nomadApi } from "../connections/api";
import { ask, type Answer } from "../connections/ask";
import type { Environment } from "../environments/model/environment";
import { Failed } from "../migrator/base/errors";

const dispatched = z.object({ DispatchedJobID: z.string() });
const forced = z.object({ EvalID: z.string() });
const evaluation = z.object({ JobID: z.string() });
const allocations = z.array(
  z.object({
    ID: z.string(),
    CreateIndex: z.number(),
    ClientStatus: z.string(),
    DesiredStatus: z.string(),
    DeploymentStatus: z.object({ Healthy: z.boolean().nullish() }).nullish(),
    TaskStates: z.record(z.string(), z.object({ State: z.string(), Failed: z.boolean() })).nullish(),
  }),
);
export type Allocation = z.infer<typeof allocations>[number];

const everyMilliseconds = 500;
const over = ["complete", "failed", "lost"];

export class BackupJobs {
  constructor(
    private readonly nomad: Environment["nomad"],
    private readonly env: NodeJS.ProcessEnv,
    /** Told each line that a job prints. */
    private readonly log: (line: string) => void,
  ) {}

  /** Dispatches a job, and waits for its end. @returns what it reports in its last line @throws Failed with its words */
  async dispatch(job: string, task: string, meta: Readonly<Record<string, string>>): Promise<unknown> {
    const answer = await this.ask(`job/${encodeURIComponent(job)}/dispatch`, { Meta: meta });
    if (answer.status === 404)
      throw new Failed(`Nomad has no job ${job}. Deploy the backups first: npx cdktf deploy backups`);
    return this.follow(this.parsed(dispatched, answer).DispatchedJobID, task);
  }

  /** Runs a periodic job now, and waits for its end. */
  async force(job: string, task: string): Promise<unknown> {
    const answer = await this.ask(`job/${encodeURIComponent(job)}/periodic/force`, {});
    if (answer.status === 404)
      throw new Failed(`Nomad has no job ${job}. Deploy the backups first: npx cdktf deploy backups`);
    const { EvalID } = this.parsed(forced, answer);
    const { JobID } = this.parsed(evaluation, await this.ask(`evaluation/${EvalID}`));
    return this.follow(JobID, task);
  }

  /** The newest first. */
  async allocations(job: string): Promise<Allocation[]> {
    const found = this.parsed(allocations, await this.ask(`job/${encodeURIComponent(job)}/allocations`));
    return found.sort((a, b) => b.CreateIndex - a.CreateIndex);
  }

  /** How many of a job's group run. @param group @default it has the job's name */
  async scale(job: string, count: number, group = job): Promise<void> {
    const answer = await this.ask(`job/${encodeURIComponent(job)}/scale`, {
      Count: count,
      Target: { Group: group },
      Message: "pgmoor restore",
    });
    if (answer.status !== 200) throw this.refusal(answer);
  }

  async exists(job: string): Promise<boolean> {
    const { status } = await this.ask(`job/${encodeURIComponent(job)}`);
    return status === 200;
  }

  /** Waits until nothing of a job runs any more. */
  async stopped(job: string): Promise<void> {
    for (;;) {
      const all = await this.allocations(job);
      if (all.every(({ ClientStatus }) => over.includes(ClientStatus))) return;
      await pause(everyMilliseconds);
    }
  }

  /** Waits until the job's newest allocation is healthy. @throws Failed when it is not within the seconds */
  async healthy(job: string, seconds: number): Promise<void> {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      const running = (await this.allocations(job)).find(({ DesiredStatus }) => DesiredStatus === "run");
      if (running?.DeploymentStatus?.Healthy === true) return;
      if (Date.now() > end)
        throw new Failed(
          `${job} is not healthy after ${seconds} s. See nomad job status ${job}`,
          "the restore itself is done",
        );
      await pause(everyMilliseconds);
    }
  }

  private async follow(job: string, task: string): Promise<unknown> {
    let told = 0;
    for (;;) {
      const [allocation] = await this.allocations(job);
      if (allocation !== undefined) {
        const lines = (await this.output(allocation.ID, task, "stdout")).split("\n").filter(Boolean);
        for (const line of lines.slice(told)) if (!line.startsWith("{")) this.log(line);
        told = lines.length;
        const last = lines.at(-1) ?? "";
        const state = allocation.TaskStates?.[task];
        if (over.includes(allocation.ClientStatus) || state?.State === "dead") {
          if (state?.Failed === false && last.startsWith("{")) return JSON.parse(last) as unknown;
          const words = (await this.output(allocation.ID, task, "stderr")).trim();
          throw new Failed(
            words.replace(/^pgmoor: /, "") ||
              `${job} failed: see nomad alloc status ${allocation.ID.slice(0, 8)}`,
          );
        }
      }
      await pause(everyMilliseconds);
    }
  }

  /** A task that has not started has printed nothing. */
  private async output(allocation: string, task: string, type: "stdout" | "stderr"): Promise<string> {
    const { status, body } = await this.ask(
      `client/fs/logs/${allocation}?task=${task}&type=${type}&plain=true`,
    );
    if (status !== 200) return "";
    return typeof body === "string" ? body : JSON.stringify(body);
  }

  private async ask(path: string, body?: unknown): Promise<Answer> {
    const { address, namespace } = this.nomad;
    const query = `${path.includes("?") ? "&" : "?"}namespace=${encodeURIComponent(namespace)}`;
    const answer = await ask(nomadApi(this.nomad, this.env), `/v1/${path}${query}`, { body });
    if (answer.status === undefined) throw new Failed(`Nomad at ${address} ${answer.why}`);
    if (answer.status === 403)
      throw new Failed(
        `Nomad does not allow it: the token in NOMAD_TOKEN needs dispatch-job, scale-job and read-logs`,
      );
    return answer;
  }

  private parsed<T>(schema: z.ZodType<T>, answer: Answer): T {
    const result = schema.safeParse(answer.body);
    if (!result.success) throw this.refusal(answer);
    return result.data;
  }

  private refusal({ status, body }: Answer): Failed {
    const words = typeof body === "string" ? body.trim() : "";
    return new Failed(`Nomad at ${this.nomad.address} says ${status}${words === "" ? "" : `: ${words}`}`);
  }
}
