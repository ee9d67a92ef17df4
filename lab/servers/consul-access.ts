/** Consul's ACLs: its management token, that of Nomad's agents, and that of somebody who deploys. */
import { randomUUID } from "node:crypto";
import { call } from "./api";
import { waitFor } from "./wait";

export interface ConsulTokens {
  readonly management: string;
  readonly nomad: string;
  readonly person: string;
}

/** What docs/connect-to-your-cluster.md says that pgmoor needs. */
export const personRules = `
service_prefix "" {
  policy = "read"
}
node_prefix "" {
  policy = "read"
}
agent_prefix "" {
  policy = "read"
}
`;

/** What Nomad's agents register, they register with their own token. Source: https://developer.hashicorp.com/nomad/docs/secure/acl/consul */
const nomadRules = `
agent_prefix "" {
  policy = "read"
}
node_prefix "" {
  policy = "read"
}
service_prefix "" {
  policy = "write"
}
`;

/**
 * Templates of tasks without an identity for Consul ask as nobody (Nomad 1.11): for the server's address, and for their node's
 * (`{{ with node }}`, in the jobs of the lab's).
 */
const anonymousRules = `
service "postgresql" {
  policy = "read"
}
node_prefix "" {
  policy = "read"
}
agent_prefix "" {
  policy = "read"
}
`;
const anonymous = "00000000-0000-0000-0000-000000000002";

/** Of the agent's configuration. Nobody gets in without a token. */
export function consulAcl(management: string): object {
  return {
    enabled: true,
    default_policy: "deny",
    tokens: { initial_management: management, agent: management },
  };
}

/** Makes the other tokens. The address is let in at with the management token. */
export async function consulTokens(address: string, management: string): Promise<ConsulTokens> {
  const put = (path: string, body: unknown) => call(`${address}/v1/acl/${path}`, { method: "PUT", body });
  await waitFor({ what: "Consul takes its management token", deadlineSeconds: 30 }, () =>
    call(`${address}/v1/acl/token/self`).then(
      () => true,
      () => false,
    ),
  );
  const token = async (name: string, Rules: string): Promise<string> => {
    const SecretID = randomUUID();
    await put("policy", { Name: name, Rules });
    await put("token", { SecretID, Policies: [{ Name: name }] });
    return SecretID;
  };
  await put("policy", { Name: "anonymous", Rules: anonymousRules });
  await put(`token/${anonymous}`, { AccessorID: anonymous, Policies: [{ Name: "anonymous" }] });
  return {
    management,
    nomad: await token("nomad-agents", nomadRules),
    person: await token("deploy", personRules),
  };
}
