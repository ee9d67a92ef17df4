import { z } from "zod";
import { Fault } from "../protocol/fault";
import { resource, type Context } from "../protocol/provider";
import {
  bool,
  defaulted,
  mapOf,
  number,
  optional,
  optionalComputed,
  required,
  setOf,
  text,
  type State,
  type Wanted,
} from "../protocol/schema";
import { Unknown } from "../protocol/value";
import type { VaultOf } from "./client";

const attributes = {
  id: optionalComputed(text),
  backend: defaulted(text, "jwt", { forceNew: true, same: (a, b) => trim(a) === trim(b) }),
  role_name: required(text, { forceNew: true }),
  role_type: optionalComputed(text, { forceNew: true }),
  user_claim: required(text),
  user_claim_json_pointer: defaulted(bool, false),
  bound_audiences: optional(setOf(text)),
  bound_subject: optional(text),
  bound_claims: optional(mapOf(text)),
  bound_claims_type: optionalComputed(text),
  disable_bound_claims_parsing: defaulted(bool, false),
  claim_mappings: optional(mapOf(text)),
  groups_claim: optional(text),
  allowed_redirect_uris: optional(setOf(text)),
  oidc_scopes: optional(setOf(text)),
  clock_skew_leeway: defaulted(number, 0),
  expiration_leeway: defaulted(number, 0),
  not_before_leeway: defaulted(number, 0),
  max_age: optional(number),
  verbose_oidc_logging: defaulted(bool, false),
  token_bound_cidrs: optional(setOf(text)),
  token_explicit_max_ttl: optional(number),
  token_max_ttl: optional(number),
  token_no_default_policy: optional(bool),
  token_num_uses: optional(number),
  token_period: optional(number),
  token_policies: optional(setOf(text)),
  token_ttl: optional(number),
  token_type: defaulted(text, "default"),
};

type Role = State<typeof attributes>;

const texts = z.array(z.string()).nullish();
const answer = z.object({
  role_type: z.string(),
  user_claim: z.string(),
  user_claim_json_pointer: z.boolean().nullish(),
  bound_audiences: texts,
  bound_subject: z.string(),
  bound_claims: z.record(z.string(), z.union([z.string(), z.array(z.string())])).nullish(),
  bound_claims_type: z.string().nullish(),
  claim_mappings: z.record(z.string(), z.string()).nullish(),
  groups_claim: z.string(),
  allowed_redirect_uris: texts,
  oidc_scopes: texts,
  clock_skew_leeway: z.number(),
  expiration_leeway: z.number(),
  not_before_leeway: z.number(),
  max_age: z.number().nullish(),
  verbose_oidc_logging: z.boolean(),
  token_bound_cidrs: texts,
  token_explicit_max_ttl: z.number().nullish(),
  token_max_ttl: z.number().nullish(),
  token_no_default_policy: z.boolean().nullish(),
  token_num_uses: z.number().nullish(),
  token_period: z.number().nullish(),
  token_policies: texts,
  token_ttl: z.number().nullish(),
  token_type: z.string(),
});

/** A role of JWT/OIDC auth, `id` its path: `auth/jwt-nomad/role/vaultwarden`. */
export const jwtRole = resource<VaultOf>()({
  attributes,
  validate({ bound_claims: claims, disable_bound_claims_parsing: whole }) {
    if (claims === null || claims instanceof Unknown || whole === true) return [];
    // Vault gives the parts back without them, and the real provider would find a change in every plan.
    const spaced = Object.entries(claims).find(([, value]) => /^\s|\s$|\s,|,\s/.test(value));
    if (!spaced) return [];
    return [
      new Fault(`The claim ${spaced[0]} has spaces around its parts`, "Write them as a,b.", {
        attribute: "bound_claims",
      }),
    ];
  },
  create: (wanted, _config, context) => put(null, wanted, context),
  read: (state, context) => readAt(state.id ?? "", state, context),
  update: (prior, wanted, _config, context) => put(prior, wanted, context),
  async delete(state, { client }) {
    const vault = await client();
    await vault.delete(state.id ?? "");
  },
  import: (id) => ({ id }),
});

async function put(
  prior: Role | null,
  wanted: Wanted<typeof attributes>,
  context: Context<VaultOf>,
): Promise<Role> {
  const id = `auth/${trim(wanted.backend)}/role/${trim(wanted.role_name)}`;
  const vault = await context.client();
  await vault.write(id, bodyOf(prior, wanted));
  return { ...wanted, id };
}

/** Attributes that Vault is not told of as they are. */
const ours = new Set<keyof Role>([
  "id",
  "backend",
  "role_name",
  "disable_bound_claims_parsing",
  "bound_claims",
]);

/** What Vault is told: what is set, and for what was set before the zero that unsets it. */
function bodyOf(prior: Role | null, wanted: Wanted<typeof attributes>): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const name of Object.keys(attributes) as (keyof Role)[]) {
    const [value, was] = [wanted[name], prior?.[name] ?? null];
    if (ours.has(name)) continue;
    if (value !== null) body[name] = value;
    else if (was !== null) body[name] = zeroLike(was);
  }
  const claims = Object.entries(wanted.bound_claims ?? {});
  const parts = wanted.disable_bound_claims_parsing ? (value: string) => [value.trim()] : splitClaim;
  body.bound_claims = Object.fromEntries(claims.map(([name, value]) => [name, parts(value)]));
  return body;
}

async function readAt(id: string, known: Role, { client }: Context<VaultOf>): Promise<Role | null> {
  const [, backend, name] = /^auth\/(.+)\/role\/(.+)$/.exec(id) ?? [];
  if (backend === undefined || name === undefined) {
    throw new Fault(`${JSON.stringify(id)} is not the path of a role`, "Write it as auth/BACKEND/role/NAME.");
  }
  const vault = await client();
  const data = await vault.read(id);
  if (!data) return null;
  const role = answer.parse(data);
  return {
    ...known,
    ...nulls(role),
    id,
    backend,
    role_name: name,
    user_claim_json_pointer: role.user_claim_json_pointer ?? false,
    bound_claims:
      role.bound_claims &&
      Object.fromEntries(
        Object.entries(role.bound_claims).map(([claim, value]) => [claim, [value].flat().join(",")]),
      ),
    token_bound_cidrs:
      role.token_bound_cidrs?.map((cidr) => withLength(cidr, known.token_bound_cidrs)) ?? null,
  } as Role;
}

/** Vault strips the length from the CIDR of a single host. */
function withLength(cidr: string, known: string[] | null): string {
  if (cidr.includes("/") || known?.includes(cidr)) return cidr;
  return `${cidr}/${cidr.includes(":") ? 128 : 32}`;
}

function splitClaim(value: string): string[] {
  return value.split(",").map((part) => part.trim());
}

function zeroLike(value: unknown): unknown {
  if (Array.isArray(value)) return [];
  if (typeof value === "string") return "";
  if (typeof value === "number") return 0;
  return typeof value === "boolean" ? false : {};
}

function nulls<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> | null } {
  const entries = Object.entries(fields).map(([name, value]: [string, unknown]) => [name, value ?? null]);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> | null };
}

function trim(name: string): string {
  return name.replace(/^\/+|\/+$/g, "");
}
