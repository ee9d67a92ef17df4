import { z } from "zod";
import { Fault } from "../protocol/fault";
import { ephemeral } from "../protocol/provider";
import { bool, computed, mapOf, number, optional, required, text } from "../protocol/schema";
import type { VaultOf } from "./client";

const attributes = {
  mount: required(text),
  /** Not used: an id here that the apply will tell puts off the reading until then. */
  mount_id: optional(text),
  name: required(text),
  /** @default the newest */
  version: optional(number),
  data: computed(mapOf(text)),
  data_json: computed(text),
  created_time: computed(text),
  deletion_time: computed(text),
  destroyed: computed(bool),
  custom_metadata: computed(mapOf(text)),
};

const answer = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  metadata: z.object({
    created_time: z.string(),
    deletion_time: z.string(),
    destroyed: z.boolean(),
    custom_metadata: z.record(z.string(), z.string()).nullish(),
  }),
});

/** Reads a secret of KV version 2 for as long as Terraform runs. */
export const ephemeralSecret = ephemeral<VaultOf>()({
  attributes,
  async open(config, { client }) {
    const vault = await client();
    const path = `${config.mount}/data/${config.name}`;
    const found = await vault.read(path, config.version === null ? {} : { version: String(config.version) });
    if (!found) throw new Fault(`Vault has no secret at ${path}`, "Write it, or correct the mount and name.");
    const { data, metadata } = answer.parse(found);
    const texts =
      data && Object.fromEntries(Object.entries(data).map(([key, value]) => [key, toText(value)]));
    return {
      ...config,
      data: texts ?? null,
      data_json: JSON.stringify(texts ?? null),
      created_time: metadata.created_time,
      deletion_time: metadata.deletion_time,
      destroyed: metadata.destroyed,
      custom_metadata: metadata.custom_metadata ?? null,
    };
  },
});

/** The map holds texts only. */
function toText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
