import { z } from "zod";
import { pathOf } from "../http";
import { Fault } from "../protocol/fault";
import { resource, type Context, type PlanOf } from "../protocol/provider";
import {
  block,
  bool,
  computed,
  defaulted,
  listOf,
  optional,
  optionalComputed,
  required,
  setOf,
  text,
  type State,
  type Wanted,
} from "../protocol/schema";
import { UNKNOWN, Unknown } from "../protocol/value";
import type { NomadOf } from "./client";
import { followDeployment } from "./deployment";
import { apiJob, parseJobspec, sameJobspec, taskGroup, taskGroupsOf } from "./jobspec";

const attributes = {
  id: optionalComputed(text),
  jobspec: required(text, { same: sameJobspec }),
  json: optional(bool),
  detach: defaulted(bool, true),
  deregister_on_destroy: defaulted(bool, true),
  deregister_on_id_change: defaulted(bool, true),
  purge_on_destroy: optional(bool),
  rerun_if_dead: defaulted(bool, false),
  name: computed(text),
  namespace: computed(text),
  type: computed(text),
  region: computed(text),
  datacenters: computed(setOf(text)),
  task_groups: computed(listOf(taskGroup)),
  status: computed(text, { volatile: true }),
  modify_index: computed(text, { volatile: true }),
  deployment_id: computed(text, { volatile: true }),
  deployment_status: computed(text, { volatile: true }),
  timeouts: block({ create: optional(text), update: optional(text) }),
};

type Job = State<typeof attributes>;

/** Of the real provider, for a create as for an update. */
const defaultTimeout = "5m";

/** A job, `id` its id in Nomad. */
export const job = resource<NomadOf>()({
  attributes,
  validate(config) {
    if (config.json instanceof Unknown || config.jobspec instanceof Unknown) return [];
    if (config.json !== true) {
      return [
        new Fault("The stand-in reads only jobspecs in JSON", "Set json = true.", {
          attribute: "json",
        }),
      ];
    }
    try {
      parseJobspec(config.jobspec ?? "");
      return [];
    } catch (error) {
      if (error instanceof Fault) return [error];
      throw error;
    }
  },
  plan: planJob,
  async create(wanted, _config, context) {
    return register(wanted, null, wanted.timeouts?.create, context);
  },
  read: (state, context) => readJob(state, context),
  async update(prior, wanted, _config, context) {
    return register(wanted, prior, wanted.timeouts?.update, context);
  },
  async delete(state, { client, signal }) {
    if (state.deregister_on_destroy === false) return;
    await client().delete(pathOf("v1/job", state.id ?? ""), {
      query: { namespace: state.namespace ?? "default", purge: String(state.purge_on_destroy ?? false) },
      signal,
    });
  },
  import(id) {
    const [, name, namespace] = /^(.+)@([^@]+)$/.exec(id) ?? [];
    if (name === undefined) {
      throw new Fault(`${JSON.stringify(id)} is not the ID of a job`, "Write it as NAME@NAMESPACE.");
    }
    return { id: name, namespace };
  },
});

/** What the jobspec tells of the job, and what Nomad says to it. */
async function planJob(
  { prior, planned, replace, warnings }: PlanOf<typeof attributes>,
  context: Context<NomadOf>,
) {
  if (planned.jobspec instanceof Unknown) {
    for (const name of ["name", "namespace", "type", "region", "datacenters", "task_groups"] as const) {
      planned[name] = UNKNOWN;
    }
    return;
  }
  if (prior?.status === "dead" && planned.rerun_if_dead === true) {
    planned.status = UNKNOWN;
    // The real provider plans what the dead job has. It is registered as the jobspec says, which may be another version.
    planned.task_groups = UNKNOWN;
  }
  if (planned.jobspec === null || prior?.jobspec === planned.jobspec) return;
  const { job, whole } = parseJobspec(planned.jobspec);
  Object.assign(planned, {
    name: job.ID,
    namespace: job.Namespace,
    // What the jobspec leaves out Nomad fills in.
    type: job.Type ?? UNKNOWN,
    region: job.Region ?? UNKNOWN,
    datacenters: job.Datacenters ?? UNKNOWN,
    task_groups: taskGroupsOf(job),
  });
  if (prior && prior.namespace !== job.Namespace) replace.push("namespace");
  else if (prior && prior.id !== job.ID && planned.deregister_on_id_change) replace.push("name");
  if (prior && prior.id !== job.ID) planned.id = UNKNOWN;

  const index = await dryRun(whole, job.ID, job.Namespace, context, warnings);
  const expected = prior?.id === job.ID && prior.namespace === job.Namespace ? prior.modify_index : null;
  if (index !== undefined && expected !== null && index !== expected) {
    throw new Fault(`The job ${job.ID} was changed while Terraform was planning`, "Plan again.");
  }
}

/**
 * Has Nomad look at the job. The real provider ignores whatever Nomad says here, and a job that
 * is refused fails only the apply; the stand-in says it at once. Without a Nomad to ask, both plan on.
 *
 * @returns the index of the job that is there
 */
async function dryRun(
  whole: Record<string, unknown>,
  id: string,
  namespace: string,
  { client, signal }: Context<NomadOf>,
  warnings: Fault[],
): Promise<string | undefined> {
  const nomad = client();
  try {
    await nomad.get("/v1/status/leader", { signal, seconds: 5 });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    warnings.push(new Fault(`The job ${id} was not validated`, error.message, { warning: true }));
    return undefined;
  }
  const answer = await nomad.put(pathOf("v1/job", id, "plan"), {
    query: { namespace },
    body: { Job: whole, Diff: false },
    signal,
  });
  return String(z.object({ JobModifyIndex: z.number() }).parse(answer.body).JobModifyIndex);
}

async function register(
  wanted: Wanted<typeof attributes>,
  prior: Job | null,
  timeout: string | null | undefined,
  context: Context<NomadOf>,
): Promise<Job> {
  const { job, whole } = parseJobspec(wanted.jobspec);
  const nomad = context.client();
  const registered = await nomad.put("/v1/jobs", {
    query: { namespace: job.Namespace },
    body: {
      Job: whole,
      JobModifyIndex: Number(prior?.modify_index ?? 0),
      Submission: { Source: wanted.jobspec, Format: "json" },
    },
    signal: context.signal,
  });
  const { EvalID: evaluation } = z.object({ EvalID: z.string() }).parse(registered.body);
  const state = {
    ...wanted,
    id: job.ID,
    namespace: job.Namespace,
    deployment_id: prior?.deployment_id ?? null,
    deployment_status: prior?.deployment_status ?? null,
  };
  if (wanted.detach || evaluation === "") return state;
  try {
    const deployment = await followDeployment(
      nomad,
      job,
      evaluation,
      timeout || defaultTimeout,
      context.signal,
    );
    return { ...state, deployment_id: deployment?.ID ?? null, deployment_status: deployment?.Status ?? null };
  } catch (error) {
    // The job is registered: a create leaves it behind as tainted, an update leaves the state as it was.
    if (!(error instanceof Fault) || prior) throw error;
    const left = await readJob(state, context).catch(() => null);
    throw new Fault(error.message, error.detail, { ...error.more, left: left ?? state });
  }
}

async function readJob(state: Job, { client, signal }: Context<NomadOf>): Promise<Job | null> {
  const [id, namespace] = [state.id ?? "", state.namespace ?? "default"];
  const nomad = client();
  const found = await nomad.get(pathOf("v1/job", id), { query: { namespace }, signal });
  if (!found) return null;
  const job = apiJob
    .extend({ Status: z.string(), JobModifyIndex: z.number(), Version: z.number() })
    .parse(found.body);
  const submission = await nomad.get(pathOf("v1/job", id, "submission"), {
    query: { namespace, version: String(job.Version) },
    signal,
  });
  // What a job was registered with, also by others; there is none where a program left it out.
  const source = z.object({ Source: z.string().min(1) }).safeParse(submission?.body);
  return {
    ...state,
    id,
    jobspec: source.success ? source.data.Source : state.jobspec,
    name: job.ID,
    namespace: job.Namespace ?? namespace,
    type: job.Type ?? null,
    region: job.Region ?? null,
    datacenters: job.Datacenters ?? [],
    task_groups: taskGroupsOf(job),
    status: job.Status,
    modify_index: String(job.JobModifyIndex),
  };
}
