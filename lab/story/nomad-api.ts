/** What the lab asks of Nomad: its jobs, their deployments, what a task printed. */
import { call } from "../servers/api";
import type { Lab } from "../servers/lab";

interface Allocation {
  readonly ID: string;
  readonly JobVersion: number;
  readonly CreateIndex: number;
  readonly TaskStates: Readonly<Record<string, { readonly Failed: boolean }>> | null;
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
    if (newest === undefined) return "";
    const query = `task=${task}&type=${type}&plain=true`;
    const response = await fetch(`${this.lab.nomad.address}/v1/client/fs/logs/${newest.ID}?${query}`);
    return (await response.text()).trim();
  }

  private get<T>(path: string, options?: Parameters<typeof call>[1]): Promise<T> {
    return call<T>(this.lab.nomad.address + path, options);
  }
}
