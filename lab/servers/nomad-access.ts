/** Nomad's ACLs: its management token, and a token of somebody who deploys into one namespace. */
import { call } from "./api";
import { letInAt, type Access } from "./access";
import { namespace } from "./secure";

/** What docs/connect-to-your-cluster.md says that pgmoor needs. */
export const policy = `
namespace "${namespace}" {
  policy       = "write"
}
host_volume "*" {
  policy = "write"
}
node {
  policy = "read"
}
agent {
  policy = "read"
}
`;

/** For the tasks of every job there: pgmoor's ask about their own deployment. */
export const workloadPolicy = `
namespace "${namespace}" {
  capabilities = ["read-job"]
}
`;

/** @param addresses of all agents, which are let in at with the management token from here on */
export async function bootstrapAcl(
  address: string,
  addresses: readonly string[],
  { tls }: Access,
): Promise<{ readonly management: string; readonly person: string }> {
  const { SecretID: management } = await call<{ SecretID: string }>(`${address}/v1/acl/bootstrap`, {
    method: "POST",
  });
  const headers = { "X-Nomad-Token": management };
  for (const one of addresses) letInAt(one, { tls, headers, query: { namespace } });
  const post = <T>(path: string, body: unknown) => call<T>(`${address}/v1/${path}`, { method: "POST", body });
  await post(`namespace/${namespace}`, { Name: namespace });
  await post("acl/policy/deploy", { Name: "deploy", Rules: policy });
  await post("acl/policy/workloads", {
    Name: "workloads",
    Rules: workloadPolicy,
    JobACL: { Namespace: namespace },
  });
  const { SecretID: person } = await post<{ SecretID: string }>("acl/token", {
    Name: "deploy",
    Type: "client",
    Policies: ["deploy"],
  });
  return { management, person };
}
