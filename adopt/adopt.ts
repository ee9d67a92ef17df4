/** Makes definitions of jobs that run. */
import type { Environment } from "../environments/model/environment";
import { ownStacks } from "../environments/model/own-stacks";
import { plainPassword } from "./beside";
import { draftOf, type Draft } from "./draft";
import { findApps } from "./find";
import { changesTo, runningJob, type Asking } from "./nomad";
import { plainJob, wholeJob } from "./plain-job";
import { passwordToVault } from "./to-vault";
import type { Around } from "./on-server";
import type { Job } from "../nomad/job";

export interface Adopted extends Draft {
  readonly id: string;
  /** The service's name: the job's ID, in the letters that names of services have. */
  readonly name: string;
}

export async function adoptJob(
  environment: Environment,
  id: string,
  env: NodeJS.ProcessEnv,
  secretsToVault = false,
): Promise<Adopted> {
  const asking = { nomad: environment.nomad, env };
  const found = await runningJob(asking, id);
  const name = nameOf(id);
  const job = plainJob(found);
  const around = aroundOf(environment);
  const password = secretsToVault ? passwordBeside(job) : undefined;
  const draft = draftOf(
    name,
    job,
    password === undefined
      ? around
      : { ...around, password: await passwordToVault(environment, name, password, env) },
  );
  if (draft.definition === undefined) return { ...draft, id, name };
  const jobspec = await sameJob(asking, found);
  const stopped = found.Stop === true ? ["the job is stopped: a deploy of it starts it"] : [];
  return {
    ...draft,
    definition: { ...draft.definition, jobspec },
    notes: [...draft.notes, ...stopped],
    id,
    name,
  };
}

/** The password of the one app's own PostgreSQL, where it is in plain sight. */
function passwordBeside(job: Job): string | undefined {
  const [app, ...others] = findApps(job);
  return app?.place.kind === "beside" && others.length === 0 ? plainPassword(app.place.task) : undefined;
}

/** The plain job where Nomad finds it the same as the one that runs, else the whole one. */
async function sameJob(asking: Asking, found: Awaited<ReturnType<typeof runningJob>>): Promise<Job> {
  const plain = plainJob(found);
  const changes = await changesTo(asking, plain);
  return changes.length === 0 ? plain : wholeJob(found);
}

/** The service's name, in the letters that those have. pgmoor's own stacks have some names themselves. */
export function nameOf(id: string): string {
  const name = id
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "")
    .slice(0, 63)
    .replace(/-+$/, "");
  if (name === "") return "service";
  return Object.values<string>(ownStacks).includes(name) ? `${name}-job` : name;
}

function aroundOf({ vault, server }: Environment): Around {
  return { mount: vault.mount, server };
}
