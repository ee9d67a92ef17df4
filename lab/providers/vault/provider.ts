import { provider, type Provider } from "../protocol/provider";
import { once } from "../settings";
import { attributes, connect } from "./client";
import { ephemeralSecret } from "./ephemeral-secret";
import { jwtRole } from "./jwt-role";
import { policy } from "./policy";
import { secret } from "./secret";

/** Stands in for hashicorp/vault 5.6.0: KV version 2 secrets, policies, roles of JWT auth. */
export function vaultProvider(env: NodeJS.ProcessEnv): Provider {
  return provider({
    address: "registry.terraform.io/hashicorp/vault",
    attributes,
    configure: (config) => once(() => connect(config, env)),
    resources: {
      vault_jwt_auth_backend_role: jwtRole,
      vault_kv_secret_v2: secret,
      vault_policy: policy,
    },
    ephemeral: { vault_kv_secret_v2: ephemeralSecret },
  });
}
