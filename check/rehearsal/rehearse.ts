/** Rehearses one service's move: everything that it makes on the servers is gone again at the end, however it ends. */
import type { Client } from "pg";
import { rehearsalJob, rehearsalName } from "../../constructs/job/rehearsal-job";
import { deadlinesOf, placement } from "../../constructs/job/deadlines";
import type { Environment, EnvironmentService } from "../../environments/model/environment";
import { jobNamespace, type AnySource } from "../../services/job-definition";
import { jobProps } from "../../stacks/wanted-job";
import { neverRan, RehearsalJob, type Allocation } from "./batch-job";
import { alone, makeScratchDatabase, scratchName, type Server } from "./scratch-database";
import { makeVaultRole } from "./vault-role";

export interface Asking extends Server {
  readonly service: EnvironmentService;
  readonly source: AnySource;
  /** Where the service runs. */
  readonly node: string;
  readonly env: NodeJS.ProcessEnv;
  readonly stop: AbortSignal;
}

/** What a rehearsal's tasks printed. */
export interface Printed {
  readonly succeeded: boolean;
  readonly stdout: string;
  readonly stderr: string;
  /** Of the task in which the app builds its schema: both of its outputs. Empty without one. */
  readonly schema: string;
  /** PostgreSQL's major version on the server. */
  readonly serverMajor: number;
  /** Nomad's words for tasks that never ran. */
  readonly neverRan: readonly string[];
}

/**
 * @throws Error in words for people: why it could not be done.
 * @throws AbortError when it was told to stop.
 */
export function rehearse(asking: Asking): Promise<Printed> {
  return alone(asking, asking.service.definition, async (client) => {
    const undo: (() => Promise<void>)[] = [];
    try {
      return await run(asking, client, undo);
    } finally {
      await undoAll(undo);
    }
  });
}

async function run(asking: Asking, client: Client, undo: (() => Promise<void>)[]): Promise<Printed> {
  const { environment, service, source, env, stop } = asking;
  const { definition } = service;
  const job = new RehearsalJob(nomadOf(asking), env, batchJob(asking));
  // Of a rehearsal that was killed: its tasks must not be in the database that is dropped.
  await job.remove();
  undo.push(await makeVaultRole({ ...environment, nomad: nomadOf(asking) }, definition.name, env));
  undo.push(await makeScratchDatabase(client, asking, definition));
  stop.throwIfAborted();
  undo.push(() => job.remove());
  await job.register();
  const seconds = deadlinesOf(definition).migrate.plus(placement).seconds;
  const ended = await job.ended(seconds, stop);
  const { rows } = await client.query<{ number: number }>(
    "SELECT current_setting('server_version_num')::int AS number",
  );
  return { ...(await printed(job, ended, source)), serverMajor: Math.floor(rows[0]!.number / 10_000) };
}

/** A jobspec may name a namespace of its own. */
function nomadOf({ environment: { nomad }, service: { definition } }: Asking): Environment["nomad"] {
  return { ...nomad, namespace: jobNamespace(definition, nomad.namespace) };
}

function batchJob({ environment, service, source, node }: Asking) {
  const props = jobProps(environment, { ...service, phase: "cutover", rollback: undefined });
  const { definition } = service;
  return rehearsalJob(
    {
      ...props,
      connection: { ...props.connection, database: scratchName(definition) },
      vaultRole: rehearsalName(definition.name),
    },
    source,
    node,
  );
}

async function printed(
  job: RehearsalJob,
  ended: Allocation,
  source: AnySource,
): Promise<Omit<Printed, "serverMajor">> {
  const ran = (task: string) =>
    ended.TaskStates?.[task]?.Events.some(({ Type }) => Type === "Started") === true;
  const log = async (task: string, type: "stdout" | "stderr") =>
    ran(task) ? job.log(ended, task, type) : "";
  const peer = source.kind === "sqlite" ? "schema" : undefined;
  return {
    succeeded: ended.ClientStatus === "complete",
    stdout: await log("rehearse", "stdout"),
    stderr: await log("rehearse", "stderr"),
    schema: peer === undefined ? "" : (await log(peer, "stdout")) + (await log(peer, "stderr")),
    neverRan: neverRan(ended),
  };
}

/** The last first; one that fails keeps none of the others. */
async function undoAll(undo: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const one of undo.toReversed()) await one().catch((error: unknown) => failures.push(error));
  if (failures.length > 0)
    throw new Error(
      `what the rehearsal made is not all removed: ${failures.map((error) => (error as Error).message).join("; ")}. The next rehearsal removes it`,
    );
}
