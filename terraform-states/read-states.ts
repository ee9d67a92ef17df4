/** The Terraform states of an environment: which services they are of, and what of them is there. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { consulApi } from "../connections/api";
import { ask, type Answer } from "../connections/ask";
import type { Environment } from "../environments/model/environment";
import { UserError } from "../environments/model/problems";
import { ownStacksOf } from "../environments/model/own-stacks";
import { stateFolder } from "./state-files";

const stateSchema = z.object({
  resources: z
    .array(
      z.object({
        mode: z.string(),
        type: z.string(),
        name: z.string(),
        instances: z
          .array(
            z.object({
              status: z.string().optional(),
              attributes: z.record(z.string(), z.unknown()).default({}),
            }),
          )
          .default([]),
      }),
    )
    .default([]),
});

/** A resource that Terraform manages. */
export interface StateResource {
  readonly type: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Its making failed half-way: the next plan would destroy it and make it anew. */
  readonly tainted: boolean;
}

/** What Terraform manages, by service: of every state that has anything. @throws {UserError} for a state that cannot be read */
export async function readStates(
  environment: Environment,
): Promise<ReadonlyMap<string, readonly StateResource[]>> {
  const texts =
    environment.states?.in === "consul" ? await statesInConsul(environment) : statesInFolder(environment);
  const states = new Map<string, readonly StateResource[]>();
  for (const [service, text] of texts) {
    const resources = readState(service, text);
    if (resources.length > 0) states.set(service, resources);
  }
  return states;
}

/** Services that a state knows and the environment does not: their jobs run on, and nobody looks after them. */
export async function goneServices(environment: Environment): Promise<ReadonlyMap<string, string[]>> {
  return gone(environment, await readStates(environment));
}

/** Of these states. */
export function gone(
  environment: Environment,
  states: ReadonlyMap<string, readonly StateResource[]>,
): ReadonlyMap<string, string[]> {
  const services = environment.services.map(({ definition }) => definition.name);
  const known = new Set([...services, ...ownStacksOf(environment)]);
  return new Map(
    [...states]
      .filter(([service]) => !known.has(service))
      .map(([service, resources]) => [service, resources.map(({ type, name }) => `${type}.${name}`)]),
  );
}

function readState(service: string, text: string): StateResource[] {
  // Terraform writes into a file that is made for it beforehand.
  if (text === "") return [];
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const state = stateSchema.safeParse(json);
  if (!state.success)
    throw new UserError(`The state of ${service} cannot be read: it is not a Terraform state.`);
  return state.data.resources
    .filter(({ mode }) => mode === "managed")
    .map(({ type, name, instances: [instance] }) => ({
      type,
      name,
      attributes: instance?.attributes ?? {},
      tainted: instance?.status === "tainted",
    }));
}

/** State files that others than their owner may read, backups among them. None of states in Consul: its ACL says who may. */
export function filesForOthers(environment: Environment): string[] {
  if (environment.states?.in === "consul") return [];
  const folder = stateFolder(environment);
  const stat = (path: string) => statSync(path, { throwIfNoEntry: false });
  // A folder that nobody else may enter hides its files.
  if (((stat(folder)?.mode ?? 0) & 0o011) === 0) return [];
  return readdirSync(folder)
    .filter((file) => /\.tfstate(\.|$)/.test(file))
    .map((file) => join(folder, file))
    .filter((file) => ((stat(file)?.mode ?? 0) & 0o044) !== 0);
}

function statesInFolder(environment: Environment): Map<string, string> {
  const folder = stateFolder(environment);
  let files: string[];
  try {
    files = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Map();
    throw new UserError(`The states' folder ${folder} cannot be read.`);
  }
  return new Map(
    files
      .filter((file) => file.endsWith(".tfstate"))
      .map((file) => [file.slice(0, -".tfstate".length), readFileSync(join(folder, file), "utf8")]),
  );
}

async function statesInConsul({ consul, states }: Environment): Promise<Map<string, string>> {
  const prefix = `${states?.in === "consul" ? states.path : ""}/`;
  const keys = (await askConsul(consul, `${prefix}?keys`)) as string[] | undefined;
  // `NAME/.lock` and `.lockinfo` are Terraform's own; a state too long for one key is kept in parts.
  const services = (keys ?? [])
    .map((key) => key.slice(prefix.length))
    .filter((key) => key !== "" && !key.includes("/"));
  const texts = await Promise.all(
    services.map(async (service) => [service, await stateInConsul(consul, prefix + service)] as const),
  );
  return new Map(texts);
}

const parts = z.object({ chunks: z.array(z.string()) });

async function stateInConsul(consul: Environment["consul"], key: string): Promise<string> {
  const whole = await askConsul(consul, `${key}?raw`);
  const chunked = parts.safeParse(whole);
  if (!chunked.success) return JSON.stringify(whole);
  const texts = await Promise.all(chunked.data.chunks.map((chunk) => fetchConsul(consul, `${chunk}?raw`)));
  return Buffer.concat(texts.map((text) => text!.bytes)).toString();
}

async function askConsul(consul: Environment["consul"], path: string): Promise<unknown> {
  return (await fetchConsul(consul, path))?.body;
}

async function fetchConsul(consul: Environment["consul"], path: string): Promise<Answer | undefined> {
  const answer = await ask(consulApi(consul, process.env), `/v1/kv/${path}`, {
    patienceMilliseconds: 10_000,
  });
  if (answer.status === 404) return undefined;
  if (answer.status === undefined)
    throw new UserError(`The states cannot be read: Consul at ${consul.address} ${answer.why}.`);
  if (answer.status !== 200)
    throw new UserError(
      `The states cannot be read from Consul at ${consul.address}: HTTP ${answer.status}. Check that CONSUL_HTTP_TOKEN may read ${path.replace(/\?.*/, "")}.`,
    );
  return answer;
}
