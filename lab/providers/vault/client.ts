import { z } from "zod";
import { tlsFor } from "../../../connections/tls";
import { call, pathOf, trimAddress, type Answer, type Api } from "../http";
import { Fault } from "../protocol/fault";
import type { Draft } from "../protocol/schema";
import { text, optional, number, bool } from "../protocol/schema";
import { configured } from "../settings";

/** The provider's configuration. */
export const attributes = {
  address: optional(text),
  token: optional(text),
  namespace: optional(text),
  ca_cert_file: optional(text),
  token_name: optional(text),
  skip_child_token: optional(bool),
  max_lease_ttl_seconds: optional(number),
};

/** Connects on first use, for all that use it. */
export type VaultOf = () => Promise<Vault>;

/** A Vault and a token for it. Paths are as in its documentation, `sys/policies/acl/NAME`. */
export class Vault {
  constructor(private readonly api: Api) {}

  /** The `data` of what is at a path; undefined where there is nothing. */
  async read(path: string, query?: Record<string, string>): Promise<Record<string, unknown> | undefined> {
    const answer = await call(this.api, "GET", `/v1${pathOf(path)}`, { query });
    const data = z.object({ data: z.record(z.string(), z.unknown()) }).safeParse(answer.body);
    // A secret whose version is deleted answers 404 and tells so in its data.
    if (data.success && (answer.status === 200 || answer.status === 404)) return data.data.data;
    if (answer.status === 404) return undefined;
    throw this.refused("read", path, answer);
  }

  async write(path: string, body: unknown): Promise<unknown> {
    const answer = await call(this.api, "POST", `/v1${pathOf(path)}`, { body });
    if (answer.status >= 300) throw this.refused("write", path, answer);
    return answer.body;
  }

  async delete(path: string): Promise<void> {
    const answer = await call(this.api, "DELETE", `/v1${pathOf(path)}`);
    if (answer.status >= 300 && answer.status !== 404) throw this.refused("delete", path, answer);
  }

  private refused(verb: string, path: string, answer: Answer): Fault {
    const vault = `Vault at ${this.api.address}`;
    const errors = z.object({ errors: z.array(z.string()) }).safeParse(answer.body);
    const words = errors.success ? errors.data.errors.join("; ").trim() : "";
    if (answer.status === 403) {
      return new Fault(
        `${vault}: permission denied: this token may not ${verb} ${path}`,
        `It says: ${words}. Check that VAULT_TOKEN holds a token that is valid, with a policy for this path.`,
      );
    }
    if (answer.status === 404) {
      return new Fault(
        `${vault} has nothing mounted for ${path}`,
        words || "Enable the engine, or correct the mount.",
      );
    }
    return new Fault(`${vault} refuses to ${verb} ${path} (${answer.status})`, words);
  }
}

/**
 * Finds address and token, looks whether the Vault is there and unsealed, and takes a short-lived child
 * of the token, as the real provider does, unless `skip_child_token`.
 */
export async function connect(config: Draft<typeof attributes>, env: NodeJS.ProcessEnv): Promise<Vault> {
  const setting = configured("vault", config);
  const address = setting("address") ?? env.VAULT_ADDR;
  if (!address) throw new Fault("No Vault address: set VAULT_ADDR", "Or the provider's address.");
  const token = setting("token") ?? env.VAULT_TOKEN;
  if (!token) throw new Fault("No Vault token: set VAULT_TOKEN", `It is for Vault at ${address}.`);
  const api: Api = {
    name: "Vault",
    address: trimAddress(address),
    headers: headersOf(token, setting("namespace") ?? env.VAULT_NAMESPACE),
    tls: tlsFor("Vault", address, setting("ca_cert_file"), true, env),
  };
  await checkSeal(api);
  if (setting("skip_child_token") ?? env.TERRAFORM_VAULT_SKIP_CHILD_TOKEN === "true") return new Vault(api);
  const ttl = setting("max_lease_ttl_seconds") ?? Number(env.TERRAFORM_VAULT_MAX_TTL ?? 1200);
  const child = await new Vault(api).write("auth/token/create", {
    display_name: setting("token_name") ?? env.VAULT_TOKEN_NAME ?? "terraform",
    ttl: `${ttl}s`,
    explicit_max_ttl: `${ttl}s`,
    renewable: false,
  });
  const { auth } = z.object({ auth: z.object({ client_token: z.string() }) }).parse(child);
  return new Vault({ ...api, headers: { ...api.headers, "X-Vault-Token": auth.client_token } });
}

function headersOf(token: string, namespace: string | undefined): Record<string, string> {
  return {
    "X-Vault-Token": token,
    "X-Vault-Request": "true",
    ...(namespace ? { "X-Vault-Namespace": namespace } : {}),
  };
}

async function checkSeal(api: Api): Promise<void> {
  const answer = await call({ ...api, headers: {} }, "GET", "/v1/sys/seal-status");
  const status = z.object({ initialized: z.boolean(), sealed: z.boolean() }).safeParse(answer.body);
  if (!status.success) {
    throw new Fault(
      `${api.address} does not answer like Vault`,
      "Check VAULT_ADDR or the provider's address.",
    );
  }
  if (!status.data.initialized) {
    throw new Fault(`Vault at ${api.address} is not initialized: run vault operator init`);
  }
  if (status.data.sealed) {
    throw new Fault(`Vault at ${api.address} is sealed: unseal it`, "With vault operator unseal.");
  }
}
