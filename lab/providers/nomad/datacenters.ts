import { randomUUID } from "node:crypto";
import { z } from "zod";
import { dataSource } from "../protocol/provider";
import { bool, computed, defaulted, listOf, optional, optionalComputed, text } from "../protocol/schema";
import type { NomadOf } from "./client";

const nodes = z.array(z.object({ Datacenter: z.string(), Status: z.string() }));

/** The datacenters that have nodes. Reading it shows, when planning, that Nomad is there. */
export const datacenters = dataSource<NomadOf>()({
  attributes: {
    id: optionalComputed(text),
    prefix: optional(text),
    ignore_down_nodes: defaulted(bool, false),
    datacenters: computed(listOf(text)),
  },
  async read(config, { client, signal }) {
    const answer = await client().get("/v1/nodes", { signal });
    const found = nodes
      .parse(answer?.body ?? [])
      .filter((node) => !(config.ignore_down_nodes && node.Status === "down"))
      .map((node) => node.Datacenter)
      .filter((name) => name.startsWith(config.prefix ?? ""));
    return { ...config, id: `terraform-${randomUUID()}`, datacenters: [...new Set(found)].sort() };
  },
});
