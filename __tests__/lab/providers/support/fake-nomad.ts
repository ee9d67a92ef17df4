import { randomUUID } from "node:crypto";
import { ApiServer, type ApiAnswer, type ApiRequest } from "./api-server";

interface JobBody {
  ID: string;
  Namespace: string;
  TaskGroups?: { Name: string; Count?: number }[];
  Update?: { AutoRevert?: boolean };
  /** The test says here how the deployment ends: `successful`, `failed`, or it stays `running`. */
  Meta?: { outcome?: string };
  [field: string]: unknown;
}

interface Job {
  body: JobBody;
  version: number;
  index: number;
  status: string;
  submissions: Map<number, { Source: string; Format: string }>;
}

interface Deployment {
  ID: string;
  Status: string;
  StatusDescription: string;
}

const failedEvents = [
  { Type: "Started", DisplayMessage: "Task started by client" },
  { Type: "Terminated", DisplayMessage: "Exit Code: 1" },
  { Type: "Not Restarting", DisplayMessage: "Policy allows no restarts" },
];

/** What the tests need of Nomad: jobs with versions and submissions, deployments that end as a job asks for. */
export class FakeNomad {
  readonly jobs = new Map<string, Job>();
  readonly deployments = new Map<string, Deployment>();
  /** Jobs that were stopped, each time. */
  readonly deregistrations: string[] = [];
  /** How often a request waited for a change, as Nomad offers it. */
  blockingQueries = 0;
  private index = 10;
  private onBlockingQuery?: () => void;
  readonly server = new ApiServer((request) => this.respond(request));

  /** For the provider's environment. */
  get env(): NodeJS.ProcessEnv {
    return { NOMAD_ADDR: this.server.address };
  }

  register(body: JobBody, submission?: { Source: string; Format: string }): Job {
    const before = this.jobs.get(body.ID);
    const job: Job = {
      body,
      version: before ? before.version + 1 : 0,
      index: ++this.index,
      status: "running",
      submissions: before?.submissions ?? new Map<number, { Source: string; Format: string }>(),
    };
    if (submission) job.submissions.set(job.version, submission);
    this.jobs.set(body.ID, job);
    return job;
  }

  /** Resolves when the next request waits for a change. */
  nextBlockingQuery(): Promise<void> {
    return new Promise((resolve) => (this.onBlockingQuery = resolve));
  }

  private respond(request: ApiRequest): ApiAnswer | Promise<ApiAnswer> {
    const { method, path } = request;
    if (path === "/v1/status/leader") return { body: "127.0.0.1:4647" };
    if (path === "/v1/nodes") return { body: [{ Datacenter: "dc1", Status: "ready" }] };
    if (path === "/v1/allocations") return { body: this.running(request.query.get("filter") ?? "") };
    if (path === "/v1/jobs" && method === "PUT") return this.registered(request.body);
    const [, evaluation] = /^\/v1\/evaluation\/(.+)$/.exec(path) ?? [];
    if (evaluation) return { body: { ID: evaluation, Status: "complete", DeploymentID: evaluation } };
    const [, failed] = /^\/v1\/deployment\/allocations\/(.+)$/.exec(path) ?? [];
    if (failed) return { body: this.allocations(failed) };
    const [, deployment] = /^\/v1\/deployment\/(.+)$/.exec(path) ?? [];
    if (deployment) return this.deployed(deployment, request);
    const [, id, rest] = /^\/v1\/job\/([^/]+)(?:\/(.+))?$/.exec(path) ?? [];
    if (id) return this.job(id, rest, request);
    return { status: 404, body: "Invalid path" };
  }

  /** One allocation of each running job that the filter names. */
  private running(filter: string): unknown[] {
    const [, id = ""] = /JobID == "(.+?)"/.exec(filter) ?? [];
    if (this.jobs.get(id)?.status !== "running") return [];
    return [{ ID: randomUUID(), JobID: id, DesiredStatus: "run", ClientStatus: "running" }];
  }

  private registered(body: unknown): ApiAnswer {
    const { Job: wanted, Submission } = body as {
      Job: JobBody;
      Submission: { Source: string; Format: string };
    };
    const before = this.jobs.get(wanted.ID);
    const job = this.register(wanted, Submission);
    const deployment: Deployment = {
      ID: randomUUID(),
      Status: "running",
      StatusDescription: "Deployment is running",
    };
    this.deployments.set(deployment.ID, deployment);
    // The end of the deployment is there when it is asked for a second time, as something that changed.
    const end = {
      Status: wanted.Meta?.outcome ?? "successful",
      StatusDescription: "Deployment completed successfully",
    };
    if (end.Status === "failed") {
      end.StatusDescription = "Failed due to unhealthy allocations";
      if (wanted.Update?.AutoRevert && before) {
        end.StatusDescription += ` - rolling back to job version ${before.version}`;
        this.register(before.body, before.submissions.get(before.version));
      }
    }
    this.endings.set(deployment.ID, end);
    return { body: { EvalID: deployment.ID, JobModifyIndex: job.index } };
  }

  private readonly endings = new Map<string, { Status: string; StatusDescription: string }>();

  private async deployed(id: string, { query }: ApiRequest): Promise<ApiAnswer> {
    const deployment = this.deployments.get(id);
    if (!deployment) return { status: 404, body: "deployment not found" };
    const known = Number(query.get("index") ?? 0);
    if (known > 0) {
      this.blockingQueries++;
      this.onBlockingQuery?.();
      Object.assign(deployment, this.endings.get(id));
      // Nothing changes: held back for as long as was asked, or until nobody waits any more.
      if (deployment.Status === "running") await this.held(query.get("wait") ?? "0s");
    }
    return { headers: { "X-Nomad-Index": String(known + 1) }, body: deployment };
  }

  private held(wait: string): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, parseInt(wait) * 1000).unref());
  }

  private allocations(deployment: string): unknown {
    if (this.deployments.get(deployment)?.Status !== "failed") return [];
    return [
      {
        ID: "0a1b2c3d-0000-0000-0000-000000000000",
        NodeName: "node-1",
        ClientStatus: "failed",
        ClientDescription: "Failed tasks",
        DeploymentStatus: { Healthy: false },
        TaskStates: {
          migrate: { State: "dead", Failed: true, Events: failedEvents },
          app: { State: "dead", Failed: false, Events: [] },
        },
      },
    ];
  }

  private job(id: string, rest: string | undefined, { method, body, query }: ApiRequest): ApiAnswer {
    if (rest === "plan") {
      const { Job: wanted } = body as { Job: JobBody };
      if (!wanted.TaskGroups?.length)
        return { status: 500, body: "1 error occurred:\n\t* Missing job task groups\n" };
      return { body: { JobModifyIndex: this.jobs.get(id)?.index ?? 0 } };
    }
    const job = this.jobs.get(id);
    if (!job || job.body.Namespace !== query.get("namespace")) return { status: 404, body: "job not found" };
    if (rest === "submission") {
      const submission = job.submissions.get(Number(query.get("version")));
      return submission ? { body: submission } : { status: 404, body: "job source not found" };
    }
    if (method === "DELETE") {
      this.deregistrations.push(id);
      if (query.get("purge") === "true") this.jobs.delete(id);
      else job.status = "dead";
      return { body: { EvalID: "" } };
    }
    const filled = { Type: "service", Region: "global", Datacenters: ["*"], ...job.body };
    return { body: { ...filled, Version: job.version, Status: job.status, JobModifyIndex: job.index } };
  }
}
