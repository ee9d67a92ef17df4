/** Which task of a job made an apply fail, and why: Terraform's provider only says that the deployment failed. */
import { z } from "zod";
import type { Environment } from "../environments/model/environment";
import { askNomad } from "./ask-nomad";

const event = z.object({ Type: z.string(), DisplayMessage: z.string().optional() });
const allocations = z.array(
  z.object({
    ID: z.string(),
    TaskStates: z
      .record(
        z.string(),
        z.object({
          Failed: z.boolean(),
          FinishedAt: z.string().nullish(),
          Events: z.array(event).nullish(),
        }),
      )
      .nullish(),
  }),
);

/** Of a message; one that names many rows is longer. */
const mostCharacters = 1_500;

/** The migrator's tasks: what they print holds no secret and no value of a row. What an app prints may hold anything. */
const ownTasks = new Set(["migrate", "roll-back", "confirm"]);

export interface JobOfNomad {
  readonly nomad: Environment["nomad"];
  readonly job: string;
  readonly namespace: string;
}

/** The job's allocations so far: those of the apply are the others. @returns nothing where Nomad does not say */
export async function allocationIds(
  of: JobOfNomad,
  env: NodeJS.ProcessEnv,
): Promise<ReadonlySet<string> | undefined> {
  const found = await allocationsOf(of, env).catch(() => undefined);
  return found && new Set(found.map(({ ID }) => ID));
}

/**
 * The task that failed first of the allocations that are new, and its reason.
 * @param before {@link allocationIds} before the apply
 * @returns a sentence; undefined where no task failed, or Nomad does not say
 */
export async function failedTask(
  of: JobOfNomad,
  before: ReadonlySet<string> | undefined,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  if (before === undefined) return undefined;
  const found = await allocationsOf(of, env).catch(() => []);
  const [first] = found
    .filter(({ ID }) => !before.has(ID))
    .flatMap(({ ID, TaskStates }) =>
      Object.entries(TaskStates ?? {}).map(([task, state]) => ({ ID, task, ...state })),
    )
    .filter(({ Failed }) => Failed)
    .sort((a, b) => Date.parse(a.FinishedAt ?? "") - Date.parse(b.FinishedAt ?? ""));
  if (first === undefined) return undefined;
  const { ID, task, Events } = first;
  const log = `nomad alloc logs -stderr -namespace ${of.namespace} ${ID.slice(0, 8)} ${task}`;
  const said = ownTasks.has(task) ? await printed(of, ID, task, env).catch(() => undefined) : undefined;
  const noted = (Events ?? []).flatMap(({ DisplayMessage }) => DisplayMessage ?? []).slice(-3);
  const why = said ?? [...noted, `Its log: ${log}`].join(". ");
  return `The task ${task} failed: ${why}`;
}

async function allocationsOf(of: JobOfNomad, env: NodeJS.ProcessEnv) {
  const { body } = await askNomad({ ...of, env }, `job/${encodeURIComponent(of.job)}/allocations`);
  return allocations.parse(body);
}

/** The migrator's last words. @returns undefined when there are none */
async function printed(
  of: JobOfNomad,
  allocation: string,
  task: string,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const query = `&task=${task}&type=stderr&plain=true&origin=end&offset=16384`;
  const { bytes } = await askNomad({ ...of, env }, `client/fs/logs/${allocation}`, { query });
  const text = bytes.toString();
  const at = text.lastIndexOf("pgmoor: ");
  return at < 0 ? undefined : text.slice(at).trim().slice(0, mostCharacters);
}
