import { provider, type Provider } from "../protocol/provider";
import { bool, number, optional, text } from "../protocol/schema";
import { once } from "../settings";
import { connect } from "./client";
import { ephemeralSecret } from "./ephemeral-secret";
import { jwtRole } from "./jwt-role";
import { policy } from "./policy";
import { secret } from "./secret";

export const attributes = {
  address: optional(text),
  token: optional(text),
  token_name: optional(text),
  skip_child_token: optional(bool),
  max_lease_ttl_seconds: optional(number),
};

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
