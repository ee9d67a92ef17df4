/** The clients that may run a job, and whether they have its data: what a person should know before a move. */
import { z } from "zod";
import { nomadApi } from "../connections/api";
import { ask } from "../connections/ask";
import type { Environment } from "../environments/model/environment";
import type { Constraint, Job, TaskGroup } from "../nomad/job";
import { mountOf, type FoundMount } from "../nomad/mounts";
import type { Asking } from "./nomad";
import type { OpenDefinition } from "./open";

const stubs = z.array(
  z.object({
    ID: z.string(),
    Name: z.string(),
    Datacenter: z.string(),
    NodePool: z.string().optional(),
    Status: z.string(),
  }),
);
const detail = z.object({
  HostVolumes: z.record(z.string(), z.object({ ReadOnly: z.boolean().nullish() })).nullish(),
});
export interface Client {
  readonly name: string;
  /** Host volumes, and whether they are read-only. */
  readonly volumes: ReadonlyMap<string, boolean>;
  /** Whether an allocation of the group runs there. */
  readonly runs: boolean;
}

/**
 * The ready clients of the job's datacenters.
 *
 * @param runsOn IDs of those that run it
 * @returns undefined: Nomad does not show them
 */
export async function clientsOf(
  { nomad, env }: Asking,
  job: Job,
  runsOn: ReadonlySet<string>,
): Promise<Client[] | undefined> {
  const get = async (path: string) => (await ask(nomadApi(nomad, env), path)).body;
  const nodes = stubs.safeParse(await get("/v1/nodes"));
  if (!nodes.success) return undefined;
  const wanted = nodes.data.filter((node) => node.Status === "ready" && isIn(job, node));
  return Promise.all(
    wanted.map(async ({ ID, Name }) => {
      const { data } = detail.safeParse(await get(`/v1/node/${ID}`));
      const volumes = Object.entries(data?.HostVolumes ?? {});
      return {
        name: Name,
        volumes: new Map(volumes.map(([name, { ReadOnly }]) => [name, ReadOnly === true])),
        runs: runsOn.has(ID),
      };
    }),
  );
}

/** Datacenters may have a `*` in them. */
function isIn(
  { Datacenters = ["*"], NodePool = "default" }: Job,
  node: { Datacenter: string; NodePool?: string | undefined },
): boolean {
  const inPool = NodePool === "all" || NodePool === (node.NodePool ?? "default");
  return inPool && Datacenters.some((pattern) => matches(pattern, node.Datacenter));
}

function matches(pattern: string, text: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(text);
}

/** What the clients have, or have not, of what the job and its move need. */
export function clientNotes(
  { jobspec, tasks, source }: OpenDefinition,
  group: TaskGroup,
  clients: readonly Client[],
  snapshots: Environment["migrator"]["snapshots"],
): string[] {
  const notes = Object.values(group.Volumes ?? {}).flatMap(({ Type, Source = "", ReadOnly }) =>
    Type === "host" && !Source.includes("${") && group.Volumes !== undefined
      ? volumeNotes(Source, ReadOnly === true, clients)
      : [],
  );
  if (source === undefined) return notes;
  const [holder] = clients.filter(({ runs }) => runs);
  const mount = dataOf(group, tasks, source);
  const others = clients.filter(
    ({ runs, volumes }) => !runs && (mount?.volume === undefined || volumes.has(mount.volume)),
  );
  const free = !isBound([jobspec, group, ...group.Tasks].flatMap(({ Constraints }) => Constraints ?? []));
  if (mount !== undefined && holder !== undefined && others.length > 0 && free)
    notes.push(
      `its data is on the client ${holder.name}, in ${mount.words}, and ${others.map(({ name }) => name).join(", ")} may get the job as well, without that data. Give the job a constraint to ${holder.name} before you move it`,
    );
  if (holder !== undefined && typeof snapshots === "string" && !holder.volumes.has(snapshots))
    notes.push(
      `the client ${holder.name} has no host volume "${snapshots}", in which a move keeps its snapshot (docs/users-and-volumes.md)`,
    );
  return notes;
}

function volumeNotes(name: string, readOnly: boolean, clients: readonly Client[]): string[] {
  const having = clients.filter(({ volumes }) => volumes.has(name));
  if (having.length === 0)
    return [`no client that may run the job has the host volume "${name}", which the job asks for`];
  const writable = having.some(({ volumes }) => volumes.get(name) === false);
  return readOnly || writable
    ? []
    : [
        `the host volume "${name}" is read-only on ${having.map((one) => one.name).join(", ")}, and the job asks to write to it`,
      ];
}

/** The volume or the folder of one machine that has the data; undefined where storage is the same everywhere, or not known. */
function dataOf(
  group: TaskGroup,
  tasks: OpenDefinition["tasks"],
  source: NonNullable<OpenDefinition["source"]>,
): { readonly volume?: string; readonly words: string } | undefined {
  const [app] = tasks as readonly string[];
  const [name, file] =
    "file" in source ? [app, source.file] : "task" in source ? [source.task, source.data] : [];
  const task = group.Tasks.find(({ Name }) => Name === name);
  const mount: FoundMount | undefined =
    task === undefined || typeof file !== "string" ? undefined : mountOf(task, file);
  if (mount === undefined) return undefined;
  if (mount.kind === "docker") return { words: mount.source };
  const { Type, Source = "" } = group.Volumes?.[mount.source] ?? {};
  return Type === "host" && !Source.includes("${")
    ? { volume: Source, words: `the host volume "${Source}"` }
    : undefined;
}

/** Whether a constraint names a machine. */
function isBound(constraints: readonly Constraint[]): boolean {
  return constraints.some(({ LTarget = "" }) => /node\.unique|attr\.unique|meta\./.test(LTarget));
}
