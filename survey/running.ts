/** Asks Nomad, Vault and Consul for their versions. Whoever may not know, or gets no answer, learns nothing. */
import { z } from "zod";
import { anonymous, consulApi, nomadApi, vaultApi } from "../connections/api";
import { ask } from "../connections/ask";
import type { Environment } from "../environments/model/environment";
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
    vault(environment, env),
    consul(environment, env),
  ];
  return (await Promise.all(asked)).flat();
}

async function nomadServers({ nomad }: Addresses, env: NodeJS.ProcessEnv): Promise<Running[]> {
  const found = await ask(nomadApi(nomad, env), "/v1/agent/members");
  const { data } = members.safeParse(found.body);
  return (data?.Members ?? [])
    .filter(({ Status, Tags }) => Status === "alive" && Tags.region === data!.ServerRegion)
    .map(({ Name, Tags }) => ({ server: "Nomad", what: `The Nomad server ${Name}`, version: Tags.build }));
}

/** Those that may get the job. */
async function nomadClients({ nomad }: Addresses, env: NodeJS.ProcessEnv): Promise<Running[]> {
  const found = await ask(nomadApi(nomad, env), "/v1/nodes");
  const { data = [] } = nodes.safeParse(found.body);
  return data
    .filter(({ Status, Datacenter }) => Status === "ready" && Datacenter === nomad.datacenter)
    .map(({ Name, Version }) => ({ server: "Nomad", what: `The Nomad client ${Name}`, version: Version }));
}

async function vault({ vault }: Addresses, env: NodeJS.ProcessEnv): Promise<Running[]> {
  const { data } = vaultStatus.safeParse(
    (await ask(anonymous(vaultApi(vault, env)), "/v1/sys/seal-status")).body,
  );
  const what = `Vault at ${vault.address}`;
  return data === undefined ? [] : [{ server: "Vault", what, version: data.version }];
}

async function consul({ consul }: Addresses, env: NodeJS.ProcessEnv): Promise<Running[]> {
  const found = await ask(consulApi(consul, env), "/v1/agent/self");
  const { data } = consulAgent.safeParse(found.body);
  return data === undefined
    ? []
    : [{ server: "Consul", what: `Consul at ${consul.address}`, version: data.Config.Version }];
}
