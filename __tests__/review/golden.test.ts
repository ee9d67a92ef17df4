import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readInput } from "../../review/read";
import { review } from "../../review/review";
import type { SituationName } from "./situations";

const plans = join(__dirname, "plans");

/** What the reviewer of a plan is told: what happens, and each risk as "risk rule address". */
interface Expected {
  readonly happens: readonly string[];
  readonly risks: readonly string[];
  /** With `--fail-on data-loss,security`. */
  readonly verdict: "pass" | "fail";
}

const passes = (happens: string | readonly string[], ...risks: string[]): Expected => ({
  happens: [happens].flat(),
  risks,
  verdict: "pass",
});
const fails = (happens: string | readonly string[], ...risks: string[]): Expected => ({
  happens: [happens].flat(),
  risks,
  verdict: "fail",
});

const restarts = "downtime restart nomad_job.vaultwarden";
const unguarded = [
  "data-loss unguard postgresql_database.vaultwarden",
  "data-loss unguard postgresql_role.vaultwarden",
  "data-loss unguard vault_kv_secret_v2.vaultwarden",
  "data-loss unguard nomad_job.vaultwarden",
];
const whole = "gets its own database";

const expected: Record<SituationName, Expected> = {
  "first-deploy": passes([whole, "gets job"]),
  "first-deploy-of-a-running-job": passes(
    [whole, "job imported", "job restarts under pgmoor's definition"],
    restarts,
  ),
  nothing: passes([]),
  cutover: passes(
    "moves from SQLite to PostgreSQL: down for 11 min at most, snapshot to postgres_backups/vaultwarden",
    "downtime move nomad_job.vaultwarden",
  ),
  confirmed: passes([]),
  settle: passes("has moved for good: its migration tasks go", restarts),
  rollback: passes("goes back to SQLite: data written to PostgreSQL since then stays there", restarts),
  "rollback-with-rows": passes(
    "goes back to SQLite: data written to PostgreSQL since then is copied back first, and a failure keeps the service on PostgreSQL",
    restarts,
  ),
  retire: passes("Terraform forgets 7 resources, nothing is destroyed"),
  rotation: passes("password rotates, job restarts", restarts),
  adopt: passes(
    [
      "gets grant, policy, JWT role",
      "database, role, job imported",
      "job restarts under pgmoor's definition",
    ],
    "downtime restart nomad_job.gitea",
  ),
  "rotation-takes-over": passes(
    ["secret imported", "password rotates, job restarts"],
    "downtime restart nomad_job.gitea",
  ),
  "limit-changed": passes("limit 20 → 40"),
  "limit-removed": fails("limit 20 → none", "security unlimit postgresql_role.vaultwarden"),
  "extension-added": passes("gets extension pg_trgm"),
  "extension-removed": fails(
    "destroys extension pg_trgm",
    "data-loss destroy postgresql_extension.vaultwarden_pg_trgm",
  ),
  "image-changed": passes(
    "image vaultwarden/server:1.37.2 → vaultwarden/server:1.38.0, job restarts",
    restarts,
  ),
  "variable-changed": passes("job changes, job restarts", restarts),
  "check-changed": passes("job changes, in place"),
  "count-zero": passes("job changes, in place", "downtime stop nomad_job.vaultwarden"),
  "database-renamed": fails(
    ["destroys and recreates secret", "policy changes", "the plan ended with an error"],
    "failed failed database-renamed",
    "data-loss destroy vault_kv_secret_v2.vaultwarden",
    "security widen vault_policy.vaultwarden",
  ),
  "database-renamed-unguarded": fails(
    [
      "destroys and recreates secret, grant",
      "job changes, job restarts",
      "database vaultwarden renamed to vaults",
      "database changes: owner vaultwarden → vaults",
      "role vaultwarden renamed to vaults",
      "policy changes",
    ],
    "data-loss destroy vault_kv_secret_v2.vaultwarden",
    "data-loss rename postgresql_database.vaultwarden",
    "data-loss rename postgresql_role.vaultwarden",
    ...unguarded,
    "security widen vault_policy.vaultwarden",
    restarts,
  ),
  "prevent-destroy-removed": fails("job is registered again unchanged", ...unguarded),
  "service-emptied": fails(
    ["destroys database, role, secret, grant, policy, JWT role", "leaves the job to Nomad"],
    "data-loss destroy postgresql_database.vaultwarden",
    "data-loss destroy postgresql_role.vaultwarden",
    "data-loss destroy vault_kv_secret_v2.vaultwarden",
    "security grant postgresql_grant.vaultwarden_public",
    "downtime stop nomad_job.vaultwarden",
    "downtime cut-off vault_jwt_auth_backend_role.vaultwarden",
    "downtime cut-off vault_policy.vaultwarden",
  ),
  "address-renamed": fails(
    ["destroys database", "gets database"],
    "data-loss destroy postgresql_database.vaultwarden",
    "data-loss rename postgresql_database.vaultwarden",
  ),
  "address-moved": passes([]),
  "volume-changed": fails(
    "job changes, job restarts",
    "data-loss volume nomad_job.vaultwarden",
    "data-loss volume nomad_job.vaultwarden",
    restarts,
  ),
  "policy-widened": fails("policy changes", "security widen vault_policy.vaultwarden"),
  "jwt-role-widened": fails(
    "JWT role changes: bound_claims, token_policies",
    "security bind vault_jwt_auth_backend_role.vaultwarden",
    "security bind vault_jwt_auth_backend_role.vaultwarden",
  ),
  "grant-widened": fails("grant changes: privileges", "security grant postgresql_grant.vaultwarden_public"),
  "role-empowered": fails(
    "role changes: roles, superuser false → true",
    "security empower postgresql_role.vaultwarden",
    "security empower postgresql_role.vaultwarden",
  ),
  "secret-in-state": fails(
    "secret changes: data_json",
    "security expose vault_kv_secret_v2.vaultwarden",
    restarts,
  ),
  "secret-in-job": fails(
    "job changes, job restarts",
    "security expose nomad_job.vaultwarden",
    "security expose nomad_job.vaultwarden",
    restarts,
  ),
  "sslmode-lowered": fails("job changes, job restarts", "security sslmode nomad_job.vaultwarden", restarts),
  "drift-of-a-limit": passes("limit 99 → 20", "drift drift postgresql_role.vaultwarden"),
  "drift-of-a-policy": passes("policy changes", "drift drift vault_policy.vaultwarden"),
  "database-gone": fails(
    "gets database, grant",
    "data-loss vanished postgresql_database.vaultwarden",
    "drift drift postgresql_database.vaultwarden",
    "drift drift postgresql_grant.vaultwarden_public",
  ),
  "failed-half-way": passes("job restarts under pgmoor's definition", restarts),
  "failed-half-way-and-tainted": fails(
    ["destroys and recreates database", "the plan ended with an error"],
    "failed failed failed-half-way-and-tainted",
    "data-loss destroy postgresql_database.vaultwarden",
  ),
  "job-tainted": passes("registers the job again", "downtime stop nomad_job.vaultwarden"),
  "provider-upgraded": passes([]),
};

/** What else the reviewer is told. */
const notes: Partial<Record<SituationName, readonly string[]>> = {
  confirmed: ['confirmed has moved and has been confirmed: it can be settled (phase "settled").'],
};

test("every situation has its plan", () => {
  expect(readdirSync(plans).sort()).toEqual(Object.keys(expected).sort());
});

test.each(Object.entries(expected))("the plan of %s", (situation, { happens, risks, verdict }) => {
  const result = review([readInput(join(plans, situation, "plan.json"))], {
    failOn: ["data-loss", "security"],
  });
  const [service] = result.services;
  expect(service!.happens).toEqual(happens);
  expect(service!.findings.map(({ risk, rule, address }) => `${risk} ${rule} ${address}`)).toEqual(risks);
  expect(result.verdict).toBe(verdict);
  expect(result.notes).toEqual(notes[situation as SituationName] ?? []);
});
