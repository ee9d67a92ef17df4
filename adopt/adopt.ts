/** Makes definitions of jobs that run. */
import type { Environment } from "../environments/model/environment";
import { ownStacks } from "../environments/model/own-stacks";
import { workloadIdentityName } from "../services/definition";
import { notesAround } from "./around";
import { draftOf, type Draft } from "./draft";
import { findApps } from "./find";
import { changesTo, runningJob, type Asking } from "./nomad";
import { plainJob, wholeJob } from "./plain-job";
import { hideSecrets, type Hidden } from "./hide-secrets";
import { secretsToVault } from "./to-vault";
import type { Around } from "./on-server";
import type { Job } from "../nomad/job";

export interface Adopted extends Draft {
  readonly id: string;
  /** The service's name: the job's ID, in the letters that names of services have. */
  readonly name: string;
}

/**
 * @param secrets `stay` in plain sight. `show`: the definition has them in Vault. `write`: they are written there, too.
 * @throws {UserError}
 */
export async function adoptJob(
  environment: Environment,
  id: string,
  env: NodeJS.ProcessEnv,
  secrets: "stay" | "show" | "write" = "stay",
): Promise<Adopted> {
  const asking = { nomad: environment.nomad, env };
  const found = await runningJob(asking, id);
  const name = nameOf(id);
  const plain = plainJob(found);
  const hide = secrets === "stay" ? undefined : hiding(environment, name, plain);
  const hidden = hide?.(plain);
  const draft = draftOf(name, hidden?.job ?? plain, aroundOf(environment));
  if (draft.definition === undefined) return { ...draft, id, name };
  const jobspec = await sameJob(asking, found);
  const stopped = found.Stop === true ? ["the job is stopped: a deploy of it starts it"] : [];
  const around = draft.outcome === "refused" ? [] : await notesAround(environment, draft.definition, env);
  const as = { id, name };
  if (hide === undefined || hidden === undefined || hidden.moved.length === 0)
    return {
      ...draft,
      definition: { ...draft.definition, jobspec },
      notes: [...draft.notes, ...around, ...stopped],
      ...as,
    };
  if (secrets === "write" && draft.outcome !== "refused")
    await secretsToVault(environment, name, hidden.fields, env);
  const { mount } = environment.vault;
  return {
    ...draft,
    definition: {
      ...draft.definition,
      jobspec: hide(jobspec).job,
      reads: [`${mount}/data/${name}`],
    },
    notes: [...draft.notes, ...hiddenNotes(hidden, `${mount}/${name}`), ...around, ...stopped],
    ...as,
  };
}

/** What hides the secrets of the group with the app; undefined where there is no app, or more than one. */
function hiding({ vault }: Environment, name: string, job: Job): ((job: Job) => Hidden) | undefined {
  const [app, ...others] = findApps(job);
  if (app === undefined || others.length > 0) return undefined;
  const to = { mount: vault.mount, secret: name, role: workloadIdentityName(name) };
  return (one) => hideSecrets(one, app.group.Name, to);
}

function hiddenNotes({ moved, otherRoles }: Hidden, secret: string): string[] {
  return [
    `in Vault, at ${secret}, in place of plain sight: ${moved.join("; ")}. The first deploy restarts the job. Nomad keeps its older versions, with the secrets, until the job is collected: set new ones where you can`,
    ...(otherRoles.length === 0
      ? []
      : [
          `${otherRoles.join(", ")} logs in to Vault with a role of its own, which must be able to read ${secret}`,
        ]),
  ];
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
