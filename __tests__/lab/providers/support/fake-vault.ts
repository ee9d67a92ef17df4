import { ApiServer, type ApiAnswer, type ApiRequest } from "./api-server";

interface Version {
  data: Record<string, unknown>;
  created: string;
  /** When it was deleted; it can be taken back. */
  deleted?: string;
}

/** The zeroes with which Vault answers for what a role was not told. */
const roleZeroes = {
  allowed_redirect_uris: null,
  bound_audiences: null,
  bound_claims: null,
  bound_claims_type: "string",
  bound_subject: "",
  claim_mappings: null,
  clock_skew_leeway: 0,
  expiration_leeway: 0,
  groups_claim: "",
  max_age: 0,
  not_before_leeway: 0,
  oidc_scopes: null,
  role_type: "oidc",
  token_bound_cidrs: [],
  token_explicit_max_ttl: 0,
  token_max_ttl: 0,
  token_no_default_policy: false,
  token_num_uses: 0,
  token_period: 0,
  token_policies: [],
  token_ttl: 0,
  token_type: "default",
  user_claim_json_pointer: false,
  verbose_oidc_logging: false,
};

/** What the tests need of Vault: KV version 2 at `secret/`, policies, roles of JWT auth at `jwt-nomad`. */
export class FakeVault {
  readonly rootToken = "root-token-of-the-test";
  sealed = false;
  version = "1.19.5";
  readonly secrets = new Map<string, Version[]>();
  /** Secrets of which a version was deleted, or all of them. */
  readonly deletions: string[] = [];
  readonly policies = new Map<string, string>();
  readonly roles = new Map<string, Record<string, unknown>>();
  /** Tokens made out of the root's, as the provider is to work with. */
  readonly children = new Map<string, Record<string, unknown>>();
  readonly server = new ApiServer((request) => this.respond(request));

  /** For the provider's environment. */
  get env(): NodeJS.ProcessEnv {
    return { VAULT_ADDR: this.server.address, VAULT_TOKEN: this.rootToken };
  }

  /** The newest data of a secret. */
  secret(name: string): Record<string, unknown> {
    const newest = this.secrets.get(name)?.at(-1);
    return newest === undefined || newest.deleted !== undefined ? {} : newest.data;
  }

  put(name: string, data: Record<string, unknown>): void {
    this.secrets.set(name, [...(this.secrets.get(name) ?? []), { data, created: new Date().toISOString() }]);
  }

  private respond(request: ApiRequest): ApiAnswer {
    const path = request.path.replace(/^\/v1\//, "");
    if (path === "sys/seal-status")
      return { body: { initialized: true, sealed: this.sealed, version: this.version } };
    if (this.sealed) return { status: 503, body: { errors: ["Vault is sealed"] } };
    const token = String(request.headers["x-vault-token"]);
    if (token !== this.rootToken && !this.children.has(token)) {
      return { status: 403, body: { errors: ["permission denied", "invalid token"] } };
    }
    if (path === "auth/token/create") return this.createToken(request.body as Record<string, unknown>);
    const [, name] = /^secret\/(?:data|metadata)\/(.+)$/.exec(path) ?? [];
    if (name) return this.kv(name, request);
    const [, policy] = /^sys\/policies\/acl\/(.+)$/.exec(path) ?? [];
    if (policy)
      return stored(
        this.policies,
        policy,
        request,
        (body) => String(body.policy),
        (text) => ({ name: policy, policy: text }),
      );
    const [, role] = /^auth\/jwt-nomad\/role\/(.+)$/.exec(path) ?? [];
    if (role) {
      const merge = (body: Record<string, unknown>) => ({ ...roleZeroes, ...this.roles.get(role), ...body });
      return stored(this.roles, role, request, merge, (kept) => kept);
    }
    return { status: 404, body: { errors: [`no handler for route "${path}". route entry not found.`] } };
  }

  private createToken(body: Record<string, unknown>): ApiAnswer {
    const client_token = `child-${this.children.size}`;
    this.children.set(client_token, body);
    return { body: { auth: { client_token } } };
  }

  private kv(name: string, { method, body, path }: ApiRequest): ApiAnswer {
    const ofMetadata = path.startsWith("/v1/secret/metadata/");
    if (method === "DELETE") {
      this.deletions.push(name);
      const current = this.secrets.get(name)?.at(-1);
      if (ofMetadata) this.secrets.delete(name);
      else if (current) current.deleted = new Date().toISOString();
      return { status: 204 };
    }
    if (method !== "GET") {
      const { data, options } = body as {
        data: Record<string, unknown>;
        options?: { cas?: number | string };
      };
      const at = this.secrets.get(name)?.length ?? 0;
      if (options?.cas !== undefined && Number(options.cas) !== at) {
        const words = "check-and-set parameter did not match the current version";
        return { status: 400, body: { errors: [words] } };
      }
      this.put(name, data);
    }
    const versions = this.secrets.get(name);
    const newest = versions?.at(-1);
    if (!versions || !newest) return { status: 404, body: { errors: [] } };
    const metadata = {
      created_time: newest.created,
      custom_metadata: null,
      deletion_time: newest.deleted ?? "",
      destroyed: false,
      version: versions.length,
    };
    if (ofMetadata) return { body: { data: { current_version: versions.length } } };
    if (method !== "GET") return { body: { data: metadata } };
    const deleted = newest.deleted !== undefined;
    return { status: deleted ? 404 : 200, body: { data: { data: deleted ? null : newest.data, metadata } } };
  }
}

/** Reads, writes and deletes one thing among many. */
function stored<T>(
  things: Map<string, T>,
  name: string,
  { method, body }: ApiRequest,
  keep: (body: Record<string, unknown>) => T,
  show: (kept: T) => unknown,
): ApiAnswer {
  if (method === "DELETE") {
    things.delete(name);
    return { status: 204 };
  }
  if (method !== "GET") {
    things.set(name, keep(body as Record<string, unknown>));
    return { status: 204, body: "" };
  }
  const kept = things.get(name);
  return kept === undefined ? { status: 404, body: { errors: [] } } : { body: { data: show(kept) } };
}
