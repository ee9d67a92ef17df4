/** A rehearsal's job in Nomad: registered, watched until it ends, read, and removed. */
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { nomadApi, type Api } from "../../connections/api";
import type { Environment } from "../../environments/model/environment";
import type { BatchJob } from "../../nomad/job";
import { failed as failedPlacement, reasons } from "../placement-words";
import { call } from "./call";

const event = z.object({ Type: z.string(), DisplayMessage: z.string() });
const allocations = z.array(
  z.object({
    ID: z.string(),
    ClientStatus: z.string(),
    TaskStates: z.record(z.string(), z.object({ Failed: z.boolean(), Events: z.array(event) })).nullish(),
  }),
);
const evaluations = z.array(
  z.object({ Status: z.string(), FailedTGAllocs: z.record(z.string(), failedPlacement).nullish() }),
);
export type Allocation = z.infer<typeof allocations>[number];

const everyMilliseconds = 300;
const over = ["complete", "failed", "lost"];

export class RehearsalJob {
  private readonly api: Api;
  private readonly path: string;
  private readonly query: string;

  constructor(
    nomad: Environment["nomad"],
    env: NodeJS.ProcessEnv,
    private readonly job: BatchJob,
  ) {
    this.api = nomadApi(nomad, env);
    this.path = `/v1/job/${encodeURIComponent(job.ID)}`;
    this.query = `namespace=${encodeURIComponent(nomad.namespace)}`;
  }

  async register(): Promise<void> {
    await call(this.api, "POST", "/v1/jobs", { Job: this.job });
  }

  /**
   * Waits until the allocation is over.
   * @throws Error saying why it is not placed, or what its tasks wait for when the time is up
   */
  async ended(seconds: number, stop: AbortSignal): Promise<Allocation> {
    const deadline = performance.now() + seconds * 1000;
    for (;;) {
      const found = (await this.allocations())[0];
      if (found !== undefined && over.includes(found.ClientStatus)) return found;
      if (found === undefined) await this.requirePlacement();
      if (performance.now() > deadline)
        throw new Error(
          `the rehearsal did not end within ${seconds} s${found ? `: ${waitsFor(found)}` : ""}`,
        );
      await pause(everyMilliseconds, undefined, { signal: stop });
    }
  }

  /** What a task printed. */
  async log({ ID }: Allocation, task: string, type: "stdout" | "stderr"): Promise<string> {
    const path = `/v1/client/fs/logs/${ID}?task=${task}&type=${type}&plain=true&${this.query}`;
    return call(this.api, "GET", path).catch((error: Error) => {
      throw error.message.includes("HTTP 404") ? new Error(removed) : error;
    });
  }

  /** Stops it, waits until its tasks have ended, and has Nomad forget it. */
  async remove(): Promise<void> {
    await call(this.api, "DELETE", `${this.path}?${this.query}`).catch(ifNone);
    const deadline = performance.now() + 60_000;
    while (performance.now() < deadline) {
      const all = await this.allocations().catch(() => []);
      if (all.every(({ ClientStatus }) => over.includes(ClientStatus))) break;
      await pause(everyMilliseconds);
    }
    await call(this.api, "DELETE", `${this.path}?purge=true&${this.query}`).catch(ifNone);
  }

  private async allocations(): Promise<Allocation[]> {
    return allocations.parse(
      JSON.parse(await call(this.api, "GET", `${this.path}/allocations?${this.query}`)),
    );
  }

  private async requirePlacement(): Promise<void> {
    const text = await call(this.api, "GET", `${this.path}/evaluations?${this.query}`);
    for (const { FailedTGAllocs } of evaluations.parse(JSON.parse(text)))
      for (const failed of Object.values(FailedTGAllocs ?? {}))
        throw new Error(`Nomad would not place the rehearsal: ${reasons(failed)}`);
  }
}

/** What Nomad said last of each task that has not done its work. */
export function waitsFor({ TaskStates }: Allocation): string {
  return Object.entries(TaskStates ?? {})
    .flatMap(([task, { Events }]) => {
      const last = Events.filter(({ Type }) => !["Received", "Task Setup", "Started"].includes(Type)).at(-1);
      return last === undefined ? [] : [`${task}: ${last.DisplayMessage}`];
    })
    .join("; ");
}

/** Nomad's words for a task that never ran: an image that cannot be had, a template that cannot be rendered. */
export function neverRan({ TaskStates }: Allocation): string[] {
  const kinds = ["Driver Failure", "Setup Failure", "Failed Artifact Download", "Failed Validation"];
  return Object.entries(TaskStates ?? {}).flatMap(([task, { Events }]) =>
    Events.filter(({ Type }) => kinds.includes(Type)).map(
      ({ DisplayMessage }) => `${task}: ${DisplayMessage}`,
    ),
  );
}

/** Source: https://developer.hashicorp.com/nomad/docs/configuration/client#gc_disk_usage_threshold */
const removed =
  "Nomad has removed what the rehearsal printed: a client whose disk is fuller than its gc_disk_usage_threshold (80 %) removes each allocation when it ends. Free some of its disk, or raise the threshold, and try again";

function ifNone(error: unknown): void {
  if (!(error instanceof Error) || !error.message.includes("HTTP 404")) throw error;
}
