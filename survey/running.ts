/** Asks Nomad, Vault and Consul for their versions. Whoever may not know, or gets no answer, learns nothing. */
import { z } from "zod";
import type { Environment } from "../environments/model/environment";
import { read } from "./http";
import type { Running } from "./versions";

/** `ServerRegion`: the region that was asked. The list has the servers of every region. */
const members = z.object({
  ServerRegion: z.string(),
  Members: z.array(
    z.object({
      Name: z.string(),
      Status: z.string(),
      Tags: z.object({ region: z.string(), build: z.string() }),
    }),
  ),
});
const nodes = z.array(
  z.object({ Name: z.string(), Status: z.string(), Datacenter: z.string(), Version: z.string() }),
);
const vaultStatus = z.object({ version: z.string() });
const consulAgent = z.object({ Config: z.object({ Version: z.string() }) });

/** What is needed to ask them. */
export type Addresses = Pick<Environment, "vault" | "consul" | "nomad">;

export async function runningServers(
  environment: Addresses,
  env: NodeJS.ProcessEnv,
): Promise<readonly Running[]> {
  const asked = [
    nomadServers(environment, env),
    nomadClients(environment, env),
    vault(environment),
    consul(environment, env),
  ];
  return (await Promise.all(asked)).flat();
}

async function nomadServers({ nomad }: Addresses, env: NodeJS.ProcessEnv): Promise<Running[]> {
  const found = await read(`${nomad.address}/v1/agent/members`, { "X-Nomad-Token": env.NOMAD_TOKEN });
  const { data } = members.safeParse(found?.body);
  return (data?.Members ?? [])
    .filter(({ Status, Tags }) => Status === "alive" && Tags.region === data!.ServerRegion)
    .map(({ Name, Tags }) => ({ server: "Nomad", what: `The Nomad server ${Name}`, version: Tags.build }));
}

/** Those that may get the job. */
async function nomadClients({ nomad }: Addresses, env: NodeJS.ProcessEnv): Promise<Running[]> {
  const found = await read(`${nomad.address}/v1/nodes`, { "X-Nomad-Token": env.NOMAD_TOKEN });
  const { data = [] } = nodes.safeParse(found?.body);
  return data
    .filter(({ Status, Datacenter }) => Status === "ready" && Datacenter === nomad.datacenter)
    .map(({ Name, Version }) => ({ server: "Nomad", what: `The Nomad client ${Name}`, version: Version }));
}

async function vault({ vault: { address } }: Addresses): Promise<Running[]> {
  // Without the namespace: this path is the root's alone. It needs no token.
  const { data } = vaultStatus.safeParse((await read(`${address}/v1/sys/seal-status`, {}))?.body);
  return data === undefined ? [] : [{ server: "Vault", what: `Vault at ${address}`, version: data.version }];
}

async function consul({ consul: { address } }: Addresses, env: NodeJS.ProcessEnv): Promise<Running[]> {
  const found = await read(`${address}/v1/agent/self`, { "X-Consul-Token": env.CONSUL_HTTP_TOKEN });
  const { data } = consulAgent.safeParse(found?.body);
  return data === undefined
    ? []
    : [{ server: "Consul", what: `Consul at ${address}`, version: data.Config.Version }];
}
