/** What Consul has of a job's services, and the job does not say. */
import { z } from "zod";
import { consulApi } from "../connections/api";
import { ask } from "../connections/ask";
import type { Environment } from "../environments/model/environment";
import type { TaskGroup } from "../nomad/job";
import type { Service } from "../nomad/job-service";

const instances = z.array(
  z.object({
    Node: z.object({ Node: z.string() }),
    Service: z.object({ ID: z.string(), Tags: z.array(z.string()).nullish() }),
  }),
);
export type Instance = z.infer<typeof instances>[number];

/** @param jobs IDs of the allocations of the job: Nomad has them in the IDs of its services in Consul */
export async function consulNotes(
  { consul }: Environment,
  env: NodeJS.ProcessEnv,
  group: TaskGroup,
  allocations: readonly string[],
): Promise<string[]> {
  const told = [...servicesOf(group)].map(async ([name, services]) => {
    const answer = await ask(consulApi(consul, env), `/v1/health/service/${encodeURIComponent(name)}`);
    const { data } = instances.safeParse(answer.body);
    return data && serviceNotes(name, services, data, allocations);
  });
  const notes = await Promise.all(told);
  if (notes.some((one) => one === undefined))
    return [
      `Consul at ${consul.address} does not show its services to pgmoor: their tags were not compared with the job's. It takes a token from CONSUL_HTTP_TOKEN (service:read, node:read)`,
    ];
  return notes.flatMap((one) => one ?? []);
}

/** By name, which two of a group may share. A name that is a template of Nomad's is another in Consul. */
function servicesOf({ Services = [], Tasks }: TaskGroup): ReadonlyMap<string, Service[]> {
  const byName = new Map<string, Service[]>();
  for (const service of [...Services, ...Tasks.flatMap(({ Services: own = [] }) => own)]) {
    const { Name, Provider } = service;
    if (Provider === "nomad" || Name === undefined || Name.includes("${")) continue;
    byName.set(Name, [...(byName.get(Name) ?? []), service]);
  }
  return byName;
}

export function serviceNotes(
  name: string,
  services: readonly Service[],
  found: readonly Instance[],
  allocations: readonly string[],
): string[] {
  const tags = services.flatMap(({ Tags = [], CanaryTags = [] }) => [...Tags, ...CanaryTags]);
  const isOurs = ({ Service: { ID } }: Instance) => allocations.some((id) => ID.includes(id));
  const strangers = found.filter((one) => !isOurs(one));
  const said = new Set(tags);
  const further = new Set(
    found.filter(isOurs).flatMap(({ Service }) => (Service.Tags ?? []).filter((tag) => !said.has(tag))),
  );
  return [
    // A tag with a variable of Nomad's is another text in Consul.
    ...(further.size > 0 && !tags.some((tag) => tag.includes("${"))
      ? [
          `Consul has tags of the service ${name} that the job does not have: ${[...further].join(", ")}. The next allocation loses them: write them into the definition if you need them`,
        ]
      : []),
    ...(strangers.length > 0
      ? [
          `the service ${name} also has instances in Consul that are not of this job: ${strangers.map(({ Service, Node }) => `${Service.ID} on ${Node.Node}`).join(", ")}. Requests go to them, too`,
        ]
      : []),
  ];
}
