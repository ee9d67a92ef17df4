import { differences, isEmpty } from "../diff";
import { shortPath } from "../restarts";
import { readPolicy, widerThan } from "../vault-policy";
import { isHidden } from "../secrets";
import type { Attributes } from "../terraform-plan";
import { eachChange, strings } from "./rule";

/** What keeps its value for anyone who reads the state. */
const expose = eachChange({
  id: "expose",
  risk: "security",
  look: ({ type, action, before, after, keptSecrets }) => {
    if (action === "no-op" || action === "delete" || action === "forget") return;
    if (["random_password", "random_bytes", "tls_private_key"].includes(type))
      return "stores its secret in the state in clear text. Use an ephemeral resource.";
    const inJob = differences(before.jobspec, after.jobspec)
      .flatMap(({ path, after }) => hiddenPaths(after, path))
      .map(
        (path) =>
          `has a secret in clear text at ${shortPath(path)}: the state and Nomad would store it. Read it from Vault in a template.`,
      );
    return [
      ...keptSecrets.map(
        (name) => `would store ${name} in the state in clear text. Use the write-only argument ${name}_wo.`,
      ),
      ...inJob,
    ];
  },
});

function hiddenPaths(value: unknown, path: string): string[] {
  if (isHidden(value)) return [path];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => hiddenPaths(member, `${path}.${key}`));
}

const widen = eachChange({
  id: "widen",
  risk: "security",
  types: ["vault_policy"],
  look: ({ action, before, after }) => {
    if (action === "no-op" || action === "delete" || action === "forget") return;
    const policy = readPolicy(after.policy);
    if (policy === undefined) return "cannot be parsed as a list of paths: check it yourself.";
    return widerThan(policy, readPolicy(before.policy), action === "create");
  },
});

const limited = ["bound_audiences", "bound_claims", "bound_subject", "token_bound_cidrs"] as const;

/** A JWT role that more workloads can log in to, or that gives them more. */
const bind = eachChange({
  id: "bind",
  risk: "security",
  types: ["vault_jwt_auth_backend_role"],
  look: ({ action, before, after }) => {
    if (action !== "update" && action !== "create") return;
    const claims = Object.entries((after.bound_claims ?? {}) as Attributes);
    const wild = claims.filter(([, value]) => String(value).includes("*")).map(([name]) => name);
    const reasons = wild.map((name) => `accepts any ${name} that matches a pattern.`);
    if (isEmpty(after.bound_claims) && isEmpty(after.bound_subject))
      reasons.push("lets every workload of the cluster log in: no claim is bound.");
    if (action === "create") return reasons;
    for (const attribute of limited)
      for (const { path, before: old, after: now } of differences(
        before[attribute],
        after[attribute],
        attribute,
      ))
        if (now === undefined || old !== undefined) reasons.push(`has another bound ${path} than before.`);
    const had = new Set(strings(before.token_policies));
    for (const policy of strings(after.token_policies).filter((name) => !had.has(name)))
      reasons.push(`also gives the policy ${policy}.`);
    return reasons;
  },
});

const grant = eachChange({
  id: "grant",
  risk: "security",
  types: ["postgresql_grant"],
  look: ({ action, before, after }) => {
    if (action === "delete")
      return before.role === "public"
        ? `would be destroyed: everyone may regain access to ${String(before.database)}.`
        : undefined;
    if (action === "no-op" || action === "forget") return;
    const had = new Set(action === "create" ? [] : strings(before.privileges));
    const more = strings(after.privileges).filter((privilege) => !had.has(privilege));
    return [
      ...more.map(
        (privilege) =>
          `gives ${privilege} on the ${String(after.object_type)} of ${String(after.database)} to ${after.role === "public" ? "everyone" : String(after.role)}.`,
      ),
      ...(after.with_grant_option === true && before.with_grant_option !== true
        ? [`lets ${String(after.role)} grant it to others.`]
        : []),
    ];
  },
});

const powers = {
  superuser: "a superuser",
  create_database: "allowed to create databases",
  create_role: "allowed to create roles",
  bypass_row_level_security: "exempt from row-level security",
  replication: "allowed to replicate everything",
} as const;

const role = eachChange({
  id: "empower",
  risk: "security",
  types: ["postgresql_role"],
  look: ({ action, before, after }) => {
    if (action === "no-op" || action === "delete" || action === "forget") return;
    const had = new Set(strings(before.roles));
    return [
      ...Object.entries(powers)
        .filter(([attribute]) => after[attribute] === true && before[attribute] !== true)
        .map(([, words]) => `becomes ${words}.`),
      ...strings(after.roles)
        .filter((name) => !had.has(name))
        .map((name) => `becomes a member of ${name}.`),
    ];
  },
});

const unlimit = eachChange({
  id: "unlimit",
  risk: "security",
  types: ["postgresql_role"],
  look: ({ action, before, after }) =>
    (action === "update" || action === "create") &&
    after.connection_limit === -1 &&
    before.connection_limit !== -1
      ? "has no connection limit: it may use every connection of the server."
      : undefined,
});

/** From the least to the most that libpq asks of a connection. */
const sslmodes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

const sslmode = eachChange({
  id: "sslmode",
  risk: "security",
  types: ["nomad_job"],
  look: ({ differences }) => [
    ...new Set(
      differences.flatMap(({ before, after }) => {
        const [old, now] = [weakest(before), weakest(after)];
        return old === undefined || now === undefined || now >= old
          ? []
          : [`connects with sslmode ${sslmodes[now]!} instead of ${sslmodes[old]!}.`];
      }),
    ),
  ],
});

function weakest(value: unknown): number | undefined {
  if (typeof value !== "string") return undefined;
  const found = [...value.matchAll(/ssl_?mode"?\s*[=:]\s*(?:\{\{ )?"?([a-z-]+)/gi)]
    .map(([, mode]) => sslmodes.indexOf(mode!))
    .filter((rank) => rank >= 0);
  return found.length === 0 ? undefined : Math.min(...found);
}

export const security = [expose, widen, bind, grant, role, unlimit, sslmode];
