import { z } from "zod";
import { call, pathOf } from "../http";
import { Fault } from "../protocol/fault";
import { dataSource } from "../protocol/provider";
import {
  bool,
  computed,
  defaulted,
  listOf,
  mapOf,
  number,
  objectOf,
  optional,
  optionalComputed,
  required,
  text,
  type Wanted,
} from "../protocol/schema";
import { parseDuration } from "../duration";
import type { Consul } from "./client";

const node = objectOf({
  address: text,
  datacenter: text,
  id: text,
  meta: mapOf(text),
  name: text,
  tagged_addresses: mapOf(text),
});
const service = objectOf({
  address: text,
  id: text,
  meta: mapOf(text),
  name: text,
  port: number,
  tags: listOf(text),
});
const check = objectOf({
  id: text,
  name: text,
  node: text,
  notes: text,
  output: text,
  service_id: text,
  service_name: text,
  service_tags: listOf(text),
  status: text,
});

const attributes = {
  id: optionalComputed(text),
  name: required(text),
  tag: optional(text),
  passing: defaulted(bool, true),
  filter: optional(text),
  near: optional(text),
  datacenter: optional(text),
  wait_for: optional(text),
  results: computed(
    listOf(objectOf({ checks: listOf(check), node: listOf(node), service: listOf(service) })),
  ),
};

const strings = z
  .record(z.string(), z.string())
  .nullish()
  .transform((map) => map ?? {});
const tags = z
  .array(z.string())
  .nullish()
  .transform((list) => list ?? []);

const entries = z.array(
  z
    .object({
      Node: z.object({
        ID: z.string(),
        Node: z.string(),
        Address: z.string(),
        Datacenter: z.string(),
        TaggedAddresses: strings,
        Meta: strings,
      }),
      Service: z.object({
        ID: z.string(),
        Service: z.string(),
        Address: z.string(),
        Port: z.number(),
        Tags: tags,
        Meta: strings,
      }),
      Checks: z.array(
        z.object({
          Node: z.string(),
          CheckID: z.string(),
          Name: z.string(),
          Status: z.string(),
          Notes: z.string(),
          Output: z.string(),
          ServiceID: z.string(),
          ServiceName: z.string(),
          ServiceTags: tags,
        }),
      ),
    })
    .transform(({ Node, Service, Checks }) => ({
      node: [
        {
          id: Node.ID,
          name: Node.Node,
          address: Node.Address,
          datacenter: Node.Datacenter,
          tagged_addresses: Node.TaggedAddresses,
          meta: Node.Meta,
        },
      ],
      service: [
        {
          id: Service.ID,
          name: Service.Service,
          address: Service.Address,
          port: Service.Port,
          tags: Service.Tags,
          meta: Service.Meta,
        },
      ],
      checks: Checks.map((each) => ({
        node: each.Node,
        id: each.CheckID,
        name: each.Name,
        status: each.Status,
        notes: each.Notes,
        output: each.Output,
        service_id: each.ServiceID,
        service_name: each.ServiceName,
        service_tags: each.ServiceTags,
      })),
    })),
);

/** The instances of a service, with their checks; a service that nobody registered has none. */
export const serviceHealth = dataSource<() => Consul>()({
  attributes,
  async read(config, { client, signal }) {
    const consul = client();
    const datacenter = config.datacenter ?? consul.datacenter ?? (await agentDatacenter(consul, signal));
    const asked = { ...config, datacenter };
    const deadline =
      config.wait_for && config.passing ? Date.now() + parseDuration(config.wait_for) * 1000 : 0;
    let { index, results } = await ask(consul, asked, signal);
    while (results.length === 0 && Date.now() < deadline) {
      // Consul holds the question back until something changes.
      const seconds = Math.min(60, Math.ceil((deadline - Date.now()) / 1000));
      ({ index, results } = await ask(consul, asked, signal, { index, wait: `${seconds}s` }));
    }
    if (deadline > 0 && results.length === 0) {
      throw new Fault(
        `Consul knows no healthy instance of ${config.name}, and none came within ${config.wait_for}`,
        `The service's checks are shown at ${consul.address}/ui.`,
      );
    }
    return { ...asked, id: `service-health-${datacenter}-"${config.name}"-"${config.tag ?? ""}"`, results };
  },
});

async function ask(
  consul: Consul,
  config: Wanted<typeof attributes>,
  signal: AbortSignal,
  wait: { index?: string; wait?: string } = {},
) {
  const answer = await call(consul, "GET", pathOf("v1/health/service", config.name), {
    query: {
      dc: config.datacenter ?? undefined,
      tag: config.tag || undefined,
      near: config.near || undefined,
      filter: config.filter || undefined,
      passing: config.passing ? "1" : undefined,
      ...wait,
    },
    signal,
    seconds: 90,
  });
  if (answer.status !== 200) throw refused(consul, answer.status, answer.body);
  return { index: String(answer.headers["x-consul-index"] ?? "1"), results: entries.parse(answer.body) };
}

async function agentDatacenter(consul: Consul, signal: AbortSignal): Promise<string> {
  const answer = await call(consul, "GET", "/v1/agent/self", { signal });
  // An agent may keep that to itself and still tell the health.
  const self = z.object({ Config: z.object({ Datacenter: z.string() }) }).safeParse(answer.body);
  return self.success ? self.data.Config.Datacenter : "";
}

function refused(consul: Consul, status: number, body: unknown): Fault {
  const words = typeof body === "string" ? body.trim() : JSON.stringify(body);
  return new Fault(
    `Consul at ${consul.address} answers ${status}: ${words}`,
    status === 403 ? "Check the policies of the token in CONSUL_HTTP_TOKEN." : "",
  );
}
