import type { EnvironmentService } from "../../environments/model/environment";
import { homelab } from "../../environments/homelab";
import { vaultwarden } from "../../services/vaultwarden";
import { unseen, type Found } from "../../survey/found";
import { knownOf, type Known } from "../../survey/known";
import { stopsOf } from "../../survey/stops";

const running: Found = {
  secret: "present",
  role: "present",
  database: "present",
  job: "present",
  login: "works",
  orphaned: false,
};
const absent: Found = { ...unseen, secret: "absent", role: "absent", database: "absent", job: "absent" };
/** Deployed by pgmoor, as the state has it. */
const deployed: Known = {
  secret: { name: "postgres/vaultwarden", version: 1 },
  role: { name: "vaultwarden", passwordVersion: 1 },
  database: { name: "vaultwarden" },
  job: { namespace: "default" },
  tainted: [],
};
const none: Known = { tainted: [] };
const adopted: Known = {
  ...deployed,
  secret: undefined,
  role: { name: "vaultwarden", passwordVersion: undefined },
};
const all = ["job", "secret", "database"] as const;
const moved = { copied: 1005, rows: 1012, upgraded: [] };

function stops(service: Partial<EnvironmentService>, known: Known, found: Found): string {
  return stopsOf({
    environment: homelab,
    service: { definition: vaultwarden, phase: "prepared", ...service },
    known,
    found,
  }).join("\n");
}

test.each<[string, Partial<EnvironmentService>, Known, Found]>([
  ["a first deploy", {}, none, absent],
  ["a first deploy of a job that runs", { existing: ["job"] }, none, { ...absent, job: "present" }],
  ["a second deploy", {}, deployed, running],
  ["a cutover", { phase: "cutover" }, deployed, running],
  [
    "a cutover as the first deploy of a job that runs",
    { phase: "cutover", existing: ["job"] },
    none,
    { ...absent, job: "present" },
  ],
  ["an adoption", { existing: all }, none, running],
  ["after an adoption", { existing: all }, adopted, running],
  ["made here, and said to have existed", { existing: all }, deployed, running],
  ["a rotation", { passwordVersion: 2 }, deployed, running],
  [
    "a rotation that ended between Vault and the role",
    { passwordVersion: 2 },
    { ...deployed, secret: { name: "", version: 2 } },
    { ...running, login: "refused" },
  ],
  ["a role that was dropped", {}, deployed, { ...running, role: "absent", login: "unknown" }],
  [
    "a database that was dropped, of a service on its source",
    {},
    deployed,
    { ...running, database: "absent", onServer: false },
  ],
  [
    "a role that a killed deploy made, with a secret that the state has",
    {},
    { secret: deployed.secret!, tainted: [] },
    { ...absent, secret: "present", role: "present", login: "works" },
  ],
  [
    "a database that a killed deploy made, of a role that the state has",
    {},
    { secret: deployed.secret!, role: deployed.role!, tainted: [] },
    { ...running, job: "absent", owner: "vaultwarden" },
  ],
  [
    "a role that a killed deploy made, with a secret that exists",
    { existing: ["secret"] },
    none,
    { ...absent, secret: "present", role: "present", login: "works" },
  ],
  ["a service that is retired, whatever is there", { phase: "retired" }, none, running],
  ["nobody could look", {}, none, unseen],
  [
    "a cutover of a confirmed service whose job somebody purged, with a state that knows nothing of it",
    { phase: "cutover", existing: ["secret", "database"] },
    none,
    { ...running, job: "absent", moved },
  ],
  ["back to its source, with the rows", { rollback: "copy-back" }, deployed, { ...running, moved }],
  [
    "back to its source, without the rows of an app that was upgraded",
    { rollback: "discard" },
    deployed,
    { ...running, moved: { ...moved, upgraded: ["migrations"] } },
  ],
])("%s may be deployed", (_what, service, known, found) => {
  expect(stops(service, known, found)).toBe("");
});

test.each<[string, Partial<EnvironmentService>, Known, Found, RegExp]>([
  [
    "a database that was dropped, of a service on the server",
    { phase: "cutover" },
    deployed,
    { ...running, database: "absent", login: "unknown", onServer: true },
    /^The database vaultwarden is gone from the server, .* Restore it from a backup/,
  ],
  [
    "a database that was dropped, of a service that has no source",
    { definition: { ...vaultwarden, source: undefined } },
    deployed,
    { ...running, database: "absent", login: "unknown", onServer: false },
    /^The database vaultwarden is gone from the server/,
  ],
  [
    "a lost state",
    {},
    none,
    running,
    /^The secret .*, the role .*, the database .* and the job .* already exist,/,
  ],
  [
    "a lost state of which the secret was deleted",
    {},
    none,
    { ...running, secret: "deleted" },
    /^The secret /,
  ],
  [
    "a job that runs already",
    {},
    none,
    { ...absent, job: "present" },
    /^The job vaultwarden already exists.*existing: \["job"\]\.$/,
  ],
  [
    "a role and its database, of which only the secret is said to exist",
    { existing: ["secret"] },
    none,
    { ...running, job: "absent", owner: "vaultwarden" },
    /^The role vaultwarden and the database vaultwarden already exist.*existing: \["secret","database"\]\.$/,
  ],
  [
    "a role that a killed deploy made, and somebody gave another password",
    {},
    { secret: deployed.secret!, tainted: [] },
    { ...absent, secret: "present", role: "present", login: "refused" },
    /^The role vaultwarden already exists/,
  ],
  [
    "a database of somebody else's, beside a role of ours",
    {},
    { secret: deployed.secret!, role: deployed.role!, tainted: [] },
    { ...running, job: "absent", owner: "postgres" },
    /^The database vaultwarden already exists/,
  ],
  [
    "a role without a secret",
    {},
    none,
    { ...absent, role: "present" },
    /write existing: \["secret","database"\]\. First write the role's password to Vault/,
  ],
  ["adopted, and no longer said so", {}, adopted, running, /^The secret .* already exists/],
  ["an adoption of nothing", { existing: all }, none, absent, /no secret[^]*no role[^]*no job/],
  [
    "an older password",
    {},
    { ...deployed, role: { name: "vaultwarden", passwordVersion: 3 } },
    running,
    /Write 3 to keep the password, or 4/,
  ],
  [
    "a deleted secret",
    {},
    deployed,
    { ...running, secret: "deleted", login: "unknown" },
    /undelete.*passwordVersion to 2/,
  ],
  [
    "a secret that is gone",
    {},
    deployed,
    { ...running, secret: "absent", login: "unknown" },
    /passwordVersion to 2/,
  ],
  [
    "a password that is not the role's",
    {},
    deployed,
    { ...running, login: "refused" },
    /passwordVersion to 2/,
  ],
  [
    "adopted with a password that is not the role's",
    { existing: all },
    none,
    { ...running, login: "refused" },
    /rollback/,
  ],
  [
    "another name in the code",
    { definition: { ...vaultwarden, database: { connectionLimit: 1, name: "vaults" } } },
    deployed,
    running,
    /Set definition.database.name to "vaultwarden"/,
  ],
  ["another namespace", {}, { ...deployed, job: { namespace: "apps" } }, running, /namespace apps/],
  [
    "back to its source without a word about the rows",
    {},
    deployed,
    { ...running, moved },
    /the server holds 1012 rows of it, and its source has the 1005 that were copied\. Write rollback: "copy-back"/,
  ],
  [
    "back to its source, with the rows of an app that was upgraded",
    { rollback: "copy-back" },
    deployed,
    { ...running, moved: { ...moved, upgraded: ["__diesel_schema_migrations"] } },
    /was upgraded on the server since its move: __diesel_schema_migrations records other/,
  ],
  ["a cutover of nothing", { phase: "cutover" }, none, absent, /phase "prepared" first/],
  [
    "something tainted",
    {},
    { ...deployed, tainted: ["postgresql_role.vaultwarden"] },
    running,
    /terraform untaint postgresql_role.vaultwarden/,
  ],
])("%s may not", (_what, service, known, found, says) => {
  expect(stops(service, known, found)).toMatch(says);
});

test("what the state has is read from its attributes, and a tainted job may be replaced", () => {
  const resource = (type: string, attributes: object, tainted = false) => ({
    type,
    name: "vaultwarden",
    attributes: attributes as Record<string, unknown>,
    tainted,
  });
  expect(
    knownOf([
      resource("vault_kv_secret_v2", { name: "postgres/vaultwarden", data_json_wo_version: 2 }),
      resource("postgresql_role", { name: "vaultwarden", password_wo_version: "2" }),
      resource("postgresql_database", { name: "vaultwarden" }, true),
      resource("nomad_job", { namespace: "default" }, true),
    ]),
  ).toEqual({
    secret: { name: "postgres/vaultwarden", version: 2 },
    role: { name: "vaultwarden", passwordVersion: 2 },
    database: { name: "vaultwarden" },
    job: { namespace: "default" },
    tainted: ["postgresql_database.vaultwarden"],
  });
});
