import { z } from "zod";
import { Fault } from "../protocol/fault";
import { resource, type Context } from "../protocol/provider";
import {
  bool,
  computed,
  defaulted,
  mapOf,
  number,
  optional,
  optionalComputed,
  required,
  text,
  writeOnly,
  type Wanted,
} from "../protocol/schema";
import { Unknown } from "../protocol/value";
import type { VaultOf } from "./client";

const attributes = {
  id: optionalComputed(text),
  mount: required(text, { forceNew: true }),
  name: required(text, { forceNew: true }),
  path: computed(text),
  data_json: optional(text, { sensitive: true, same: sameJson }),
  data_json_wo: writeOnly(text),
  data_json_wo_version: optional(number),
  cas: optional(number),
  options: optional(mapOf(text)),
  disable_read: defaulted(bool, false),
  delete_all_versions: defaulted(bool, false),
  /** Always empty, as the real provider leaves it since it can write without keeping. */
  data: computed(mapOf(text), { sensitive: true, deprecated: true }),
  /** Of the version last seen: number, times. */
  metadata: computed(mapOf(text), { volatile: true }),
};

/** A secret of KV version 2, `id` its path: `secret/data/postgres/vaultwarden`. */
export const secret = resource<VaultOf>()({
  attributes,
  validate(config) {
    const faults: Fault[] = [];
    if (config.data_json !== null && config.data_json_wo !== null) {
      faults.push(new Fault("data_json and data_json_wo exclude each other"));
    }
    if (config.data_json_wo_version !== null && config.data_json_wo === null) {
      faults.push(new Fault("data_json_wo_version needs data_json_wo beside it"));
    }
    for (const name of ["data_json", "data_json_wo"] as const) {
      const value = config[name];
      // Not its words: they could quote the secret.
      if (value !== null && !(value instanceof Unknown) && !isJsonObject(value)) {
        faults.push(
          new Fault(`${name} is not the JSON of an object`, "Use jsonencode().", { attribute: name }),
        );
      }
    }
    return faults;
  },
  async create(wanted, config, context) {
    const id = `${wanted.mount}/data/${wanted.name}`;
    await write(id, wanted, wanted.data_json ?? config.data_json_wo, context);
    return { ...wanted, id };
  },
  async read(state, context) {
    const id = state.id ?? "";
    const place = { ...split(id), id, path: id };
    if (state.disable_read) return { ...state, ...place };
    const metadata = await metadataAt(id, context);
    return metadata && { ...state, ...place, data: {}, metadata };
  },
  async update(prior, wanted, config, context) {
    const id = prior.id ?? "";
    const bumped = wanted.data_json_wo_version !== prior.data_json_wo_version;
    // The real provider writes at every update, and without a new version it has nothing to write: it fails, as this does.
    await write(id, wanted, wanted.data_json ?? (bumped ? config.data_json_wo : null), context);
    return { ...wanted, id };
  },
  async delete(state, { client }) {
    const { mount, name } = split(state.id ?? "");
    const vault = await client();
    await vault.delete(`${mount}/${state.delete_all_versions ? "metadata" : "data"}/${name}`);
  },
  import: (id) => ({ ...split(id), id }),
});

async function write(
  id: string,
  wanted: Wanted<typeof attributes>,
  json: string | null,
  { client }: Context<VaultOf>,
): Promise<void> {
  if (json === null || !isJsonObject(json)) {
    throw new Fault(`No data for the secret at ${id}`, "Give data_json_wo the JSON of an object.");
  }
  const vault = await client();
  // The real provider sends `cas` beside the options, where Vault does not look for it: only `options` checks and sets.
  await vault.write(id, { data: JSON.parse(json) as unknown, cas: wanted.cas ?? 0, options: wanted.options });
}

/**
 * A secret whose newest version was deleted (not destroyed with its metadata) still has metadata, and
 * stays in the state: so does the real provider have it.
 */
async function metadataAt(id: string, { client }: Context<VaultOf>): Promise<Record<string, string> | null> {
  const vault = await client();
  const data = await vault.read(id);
  if (!data) return null;
  const metadata = z.record(z.string(), z.unknown()).parse(data.metadata ?? {});
  return Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
}

/** Mount and name out of `MOUNT/data/NAME`. */
function split(id: string): { mount: string; name: string } {
  const [, mount, name] = /^(.+?)\/data\/(.+)$/.exec(id) ?? [];
  if (mount === undefined || name === undefined) {
    throw new Fault(`${JSON.stringify(id)} is not the path of a secret`, "Write it as MOUNT/data/NAME.");
  }
  return { mount, name };
}

function isJsonObject(json: string): boolean {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function sameJson(a: string, b: string): boolean {
  return isJsonObject(a) && isJsonObject(b) && normal(a) === normal(b);
}

function normal(json: string): string {
  return JSON.stringify(sortKeys(JSON.parse(json)));
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, inner]) => [key, sortKeys(inner)]));
}
