/** What the lab asks of Nomad: its jobs, their deployments, what a task printed. */
import { call } from "../servers/api";
import type { Lab } from "../servers/lab";

interface TaskEvent {
  readonly Type: string;
  readonly DisplayMessage: string;
}

interface Allocation {
  readonly ID: string;
  readonly JobID: string;
  readonly JobVersion: number;
  readonly CreateIndex: number;
  readonly ClientStatus: string;
  readonly DeploymentStatus: { readonly Healthy: boolean | null } | null;
  readonly TaskStates: Readonly<
    Record<string, { readonly State: string; readonly Failed: boolean; readonly Events: TaskEvent[] }>
  > | null;
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
    const allocations = await this.get<Allocation[]>(`/v1/job/${name}/allocations`);
    const [newest] = allocations
      .filter(({ TaskStates }) => TaskStates?.[task] !== undefined)
      .sort((a, b) => b.CreateIndex - a.CreateIndex);
    return newest === undefined ? "" : this.log(newest, task, type);
  }

  /** What went wrong in every allocation that failed or did not get healthy: Nomad's events, and the end of what its tasks printed. */
  async failures(): Promise<string> {
    const all = await this.get<Allocation[]>("/v1/allocations");
    const failed = all.filter(
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

  private async log({ ID }: Allocation, task: string, type: "stdout" | "stderr"): Promise<string> {
    const query = `task=${task}&type=${type}&plain=true`;
    const response = await fetch(`${this.lab.nomad.address}/v1/client/fs/logs/${ID}?${query}`);
    return response.ok ? (await response.text()).trim() : "";
  }

  private get<T>(path: string, options?: Parameters<typeof call>[1]): Promise<T> {
    return call<T>(this.lab.nomad.address + path, options);
  }
}
