/** What the lab asks of Nomad: its jobs, their deployments, what a task printed. */
import { call, callForText } from "../servers/api";
import type { Lab } from "../servers/lab";

export interface TaskEvent {
  readonly Type: string;
  readonly DisplayMessage: string;
}

export interface Allocation {
  readonly ID: string;
  readonly JobID: string;
  readonly JobVersion: number;
  readonly NodeID: string;
  readonly CreateIndex: number;
  readonly ClientStatus: string;
  readonly DesiredStatus: string;
  readonly DeploymentStatus: { readonly Healthy: boolean | null } | null;
  readonly TaskStates: Readonly<
    Record<
      string,
      {
        readonly State: string;
        readonly Failed: boolean;
        readonly StartedAt: string;
        readonly FinishedAt: string;
        readonly Restarts: number;
        readonly Events: TaskEvent[];
      }
    >
  > | null;
}

export interface Node {
  readonly ID: string;
  readonly Status: string;
  readonly Drain: boolean;
  readonly SchedulingEligibility: string;
}

export class NomadApi {
  constructor(private readonly lab: Pick<Lab, "nomad">) {}

  register(job: unknown): Promise<unknown> {
    return this.get("/v1/jobs", { method: "POST", body: { Job: job } });
  }

  /** The job as Nomad has it now. */
  job(name: string): Promise<{ readonly Version: number; readonly Status: string }> {
    return this.get(`/v1/job/${name}`);
  }

  /** Whether nothing of the job runs, and Nomad has nothing left to do for it: dead, or pending for good. */
  async hasEnded(name: string): Promise<boolean> {
    const evaluations = await this.get<{ Status: string }[]>(`/v1/job/${name}/evaluations`);
    const allocations = await this.allocations(name);
    return (
      evaluations.every(({ Status }) => Status !== "pending" && Status !== "blocked") &&
      allocations.every(({ ClientStatus }) => ClientStatus !== "pending" && ClientStatus !== "running")
    );
  }

  /** Makes an earlier version the job's newest one, as `nomad job revert` does. */
  revert(name: string, version: number): Promise<unknown> {
    return this.get(`/v1/job/${name}/revert`, {
      method: "POST",
      body: { JobID: name, JobVersion: version },
    });
  }

  /** Stops the job; `purge`: Nomad forgets it. */
  stop(name: string, purge = false): Promise<unknown> {
    return this.get(`/v1/job/${name}?purge=${purge}`, { method: "DELETE" });
  }

  /** All allocations of a job, the newest first. */
  async allocations(name: string): Promise<Allocation[]> {
    const found = await this.get<Allocation[]>(`/v1/job/${name}/allocations`);
    return found.sort((a, b) => b.CreateIndex - a.CreateIndex);
  }

  allocation(id: string): Promise<Allocation> {
    return this.get(`/v1/allocation/${id}`);
  }

  /** As `nomad alloc stop`: the scheduler places another one. */
  stopAllocation(id: string): Promise<unknown> {
    return this.get(`/v1/allocation/${id}/stop`, { method: "POST" });
  }

  /** The lab's one client. */
  async node(): Promise<Node> {
    const [node] = await this.get<Node[]>("/v1/nodes");
    if (node === undefined) throw new Error("Nomad knows no client");
    return node;
  }

  /** As `nomad node eligibility`: whether anything may be placed there. */
  setEligible(node: string, eligible: boolean): Promise<unknown> {
    const Eligibility = eligible ? "eligible" : "ineligible";
    return this.get(`/v1/node/${node}/eligibility`, { method: "POST", body: { Eligibility } });
  }

  /** As `nomad node drain -enable`: what runs on the node ends, and nothing is placed there. */
  drain(node: string): Promise<unknown> {
    const DrainSpec = { Deadline: 60e9, IgnoreSystemJobs: false };
    return this.get(`/v1/node/${node}/drain`, { method: "POST", body: { DrainSpec } });
  }

  /** Takes a drain back: jobs are placed on the node again. */
  endDrain(node: string): Promise<unknown> {
    return this.get(`/v1/node/${node}/drain`, {
      method: "POST",
      body: { DrainSpec: null, MarkEligible: true },
    });
  }

  /** Has as many instances of a job's one group run. */
  scale(name: string, count: number): Promise<unknown> {
    return this.get(`/v1/job/${name}/scale`, {
      method: "POST",
      body: { Count: count, Target: { Group: name } },
    });
  }

  /** Every version Nomad keeps, as JSON text. */
  async versions(name: string): Promise<string> {
    return JSON.stringify(await this.get(`/v1/job/${name}/versions`));
  }

  /** What a task printed, in the newest allocation that has it. */
  async output(name: string, task: string, type: "stdout" | "stderr"): Promise<string> {
    const allocations = await this.allocations(name);
    const newest = allocations.find(({ TaskStates }) => TaskStates?.[task] !== undefined);
    return newest === undefined ? "" : this.log(newest, task, type);
  }

  /** The newest deployment of a job. */
  deployment(name: string): Promise<{ readonly Status: string } | null> {
    return this.get(`/v1/job/${name}/deployment`);
  }

  /**
   * What went wrong in every allocation that failed or did not get healthy: Nomad's events, and the end of what its tasks
   * printed.
   * @param job this one's alone @default all
   */
  async failures(job?: string): Promise<string> {
    const all = await this.get<Allocation[]>("/v1/allocations");
    const wanted = all.filter(({ JobID }) => job === undefined || JobID === job);
    const failed = wanted.filter(
      ({ ClientStatus, DeploymentStatus }) =>
        ClientStatus === "failed" || DeploymentStatus?.Healthy === false,
    );
    const lines: string[] = [];
    for (const allocation of failed) {
      lines.push(
        `${allocation.JobID}, version ${allocation.JobVersion}: allocation ${allocation.ID} is ${allocation.ClientStatus}`,
      );
      for (const [task, { State, Failed, Events }] of Object.entries(allocation.TaskStates ?? {})) {
        lines.push(`  ${task}: ${State}${Failed ? ", failed" : ""}`);
        for (const { Type, DisplayMessage } of Events.slice(-5)) lines.push(`    ${Type}: ${DisplayMessage}`);
        for (const type of ["stdout", "stderr"] as const)
          for (const line of (await this.log(allocation, task, type)).split("\n").slice(-8))
            if (line !== "") lines.push(`    ${type}: ${line}`);
      }
    }
    return lines.join("\n");
  }

  /** What a task printed in an allocation. */
  async log({ ID }: Allocation, task: string, type: "stdout" | "stderr"): Promise<string> {
    const query = `task=${task}&type=${type}&plain=true`;
    const url = `${this.lab.nomad.address}/v1/client/fs/logs/${ID}?${query}`;
    return (await callForText(url).catch(() => "")).trim();
  }

  private get<T>(path: string, options?: Parameters<typeof call>[1]): Promise<T> {
    return call<T>(this.lab.nomad.address + path, options);
  }
}
