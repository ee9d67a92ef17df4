/**
 * Whether Nomad finds a client for the job that a deploy would register, with its driver, its volumes and room for it, and
 * what the deploy would change of the job that runs. Asked of Nomad's own scheduler, which only tries.
 */
import { z } from "zod";
import { BrokenJob } from "../../constructs/job/change";
import type { EnvironmentService } from "../../environments/model/environment";
import { planChanges, type ObjectDiff } from "../../nomad/plan-changes";
import { tell } from "../../services/job-changes";
import { hasJobspec } from "../../services/job-definition";
import type { Job } from "../../nomad/job";
import { atATime } from "../../status/at-a-time";
import { isTold } from "../../status/report";
import { failed, reasons } from "../placement-words";
import type { CheckedService, Found, Look, Probe } from "../probe";
import { tryJob } from "../../stacks/try-job";
import { wantedJob } from "../../stacks/wanted-job";

const planned = z.object({
  FailedTGAllocs: z.record(z.string(), failed).nullish(),
  Diff: z.looseObject({}).nullish(),
});

const mayNotTry = "the token in NOMAD_TOKEN may not submit jobs in the namespace, not even to try them";

export const placement: Probe = {
  name: "placement",
  needs: ["nomad"],
  async look(look) {
    const all = await atATime(4, look.services, (service) => placed(look, service));
    return {
      problems: all.flatMap(({ problems = [] }) => problems),
      notes: all.flatMap(({ notes = [] }) => notes),
      notChecked: all.flatMap(({ notChecked = [] }) => notChecked),
    };
  },
};

async function placed(look: Look, { service, name, job }: CheckedService): Promise<Found> {
  const answer = await tried(look, service);
  if (answer === mayNotTry) return { notChecked: [mayNotTry] };
  if (typeof answer === "string") return { problems: [{ service: name, what: answer }] };
  const problems = notPlaced(answer, "Nomad would not place the job");
  // Before the day of its cutover: that job needs the snapshots' volume and the migrator besides.
  if (problems.length === 0 && canMove(service)) {
    const moving = await tried(look, { ...service, phase: "cutover" });
    if (typeof moving !== "string")
      problems.push(...notPlaced(moving, "Nomad would not place the job of its cutover"));
  }
  const { changes, loses } = tell(
    service.definition,
    planChanges(answer.Diff as ObjectDiff | null | undefined),
  );
  const told = (what: string) => ({ service: name, what });
  if (!isTold(job)) return { problems: problems.map(told) };
  // A job of pgmoor's own changes as its definition does.
  const lost = job.phase === null || hasJobspec(service.definition) ? loses : [];
  const changed = lost.length > 0 ? changes : [...loses, ...changes];
  const verb = job.phase === null ? "adopting the job" : "a deploy";
  return {
    problems: [
      ...problems,
      ...lost.map((one) => `${verb} would lose ${one}, which the definition does not say`),
    ].map(told),
    notes: changed.map((one) => told(`${verb} changes ${one}`)),
  };
}

function canMove({ phase, definition }: EnvironmentService): boolean {
  return phase === "prepared" && definition.source !== undefined && definition.cannotMove === undefined;
}

/** @returns what the scheduler would do, or why it does not say */
async function tried(
  { environment, env }: Look,
  service: EnvironmentService,
): Promise<z.infer<typeof planned> | string> {
  const job = jobOrProblems(environment, service);
  if (typeof job === "string") return job;
  const answer = await tryJob(environment.nomad, job, env);
  const { data } = planned.safeParse(answer.body);
  if (answer.status === 200 && data !== undefined) return data;
  if (answer.status === undefined) return `Nomad ${answer.why}`;
  if (answer.status === 403) return mayNotTry;
  const words = typeof answer.body === "string" ? answer.body.replace(/\s+/g, " ").trim().slice(0, 300) : "";
  return `Nomad refuses the job: ${words === "" ? `HTTP ${answer.status}` : words}`;
}

function jobOrProblems(...[environment, service]: Parameters<typeof wantedJob>): Job | string {
  try {
    return wantedJob(environment, service);
  } catch (error) {
    if (error instanceof BrokenJob) return `the definition cannot be deployed: ${error.message}`;
    throw error;
  }
}

function notPlaced({ FailedTGAllocs }: z.infer<typeof planned>, what: string): string[] {
  return Object.values(FailedTGAllocs ?? {}).map((one) => `${what}: ${reasons(one)}`);
}
