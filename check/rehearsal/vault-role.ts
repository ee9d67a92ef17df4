/** The role in Vault by which a rehearsal's job reads what the service's own job may read, and nothing else. */
import { rehearsalName } from "../../constructs/job/rehearsal-job";
import { sourcePolicyName } from "../../constructs/workload-role";
import { workloadIdentityName } from "../../services/definition";
import { vaultApi } from "../../connections/api";
import type { Environment } from "../../environments/model/environment";
import { call } from "./call";

/**
 * The service's own role takes its job alone. This one has the same policy, and takes the rehearsal's job alone.
 * @returns what removes it
 */
export async function makeVaultRole(
  { vault, nomad }: Environment,
  service: string,
  env: NodeJS.ProcessEnv,
): Promise<() => Promise<void>> {
  const name = rehearsalName(service);
  const path = `/v1/auth/${vault.jwtAuth}/role/${name}`;
  const api = vaultApi(vault, env);
  await call(api, "POST", path, {
    role_type: "jwt",
    bound_audiences: [vault.audience],
    bound_claims: { nomad_namespace: nomad.namespace, nomad_job_id: name },
    user_claim: "/nomad_job_id",
    user_claim_json_pointer: true,
    token_type: "service",
    token_policies: [workloadIdentityName(service), sourcePolicyName(service)],
    token_ttl: "15m",
  });
  return async () => void (await call(api, "DELETE", path));
}
