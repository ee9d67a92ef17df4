/** Planted problems, each found by its probe, and all of them at once. PostgreSQL is real; Nomad and Vault answer as the real ones. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runChecks } from "../../check/run";
import { checkText } from "../../check/text";
import type { Environment, EnvironmentService } from "../../environments/model/environment";
import { policyText, readableSecrets } from "../../constructs/workload-role";
import { ask } from "../lab/providers/support/test-postgres";
import { attempted } from "../status/ledger";
import { asRole, definition, name, Stage } from "../status/stage";

let stage: Stage;
let folder: string;
const planPath = "/v1/job/vaultwarden/plan";
const role = "pgmoor-vaultwarden";

beforeEach(async () => {
  stage = await Stage.open();
  folder = mkdtempSync(join(tmpdir(), "pgmoor-check-"));
  stage.job({ phase: "prepared" });
  stage.health("vaultwarden", "passing");
  stage.nomadAnswers.set(planPath, { body: { FailedTGAllocs: null, Diff: { Type: "None" } } });
  stage.vault.policies.set(role, policyText("secret", readableSecrets(definition)));
  stage.vault.roles.set(role, {
    bound_audiences: ["vault.io"],
    // As Terraform's provider writes them.
    bound_claims: { nomad_namespace: ["default"], nomad_job_id: ["vaultwarden"] },
    token_policies: [role],
  });
  const managed = (type: string, attributes: object) => ({
    mode: "managed",
    type,
    name: "vaultwarden",
    instances: [{ attributes }],
  });
  const resources = [
    managed("vault_kv_secret_v2", { name: `postgres/${name}`, data_json_wo_version: 1 }),
    managed("postgresql_role", { name, password_wo_version: "1" }),
    managed("postgresql_database", { name }),
    managed("nomad_job", { namespace: "default" }),
  ];
  writeFileSync(join(folder, "vaultwarden.tfstate"), JSON.stringify({ resources }));
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await stage.close();
});

function check(
  change: (environment: Environment) => Environment = (one) => one,
  service: Partial<EnvironmentService> = {},
) {
  const sound = stage.environment({ phase: "prepared", ...service });
  const environment: Environment = {
    ...sound,
    states: { in: "folder", folder },
    // The run's own server has 100.
    server: { ...sound.server, maxConnections: 100 },
  };
  return runChecks(change(environment), ["vaultwarden"], stage.vault.env);
}

/** What was found, as `probe: words`. */
async function found(...given: Parameters<typeof check>): Promise<string[]> {
  const { problems } = await check(...given);
  return problems.map(({ probe, what }) => `${probe}: ${what}`);
}

test("nothing on a sound environment", async () => {
  const report = await check();
  expect(report).toMatchObject({ problems: [], notes: [], notChecked: [] });
  expect(checkText(report)).toBe("homelab: no problem found.\n");
});

test("all problems at once, and nothing is written", async () => {
  const everything = async () =>
    structuredClone([
      stage.vault.secrets,
      stage.vault.policies,
      stage.vault.roles,
      await ask("SELECT pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = $1", {
        values: [name],
      }),
      await ask("SELECT rolcanlogin, rolconnlimit, rolpassword FROM pg_authid WHERE rolname = $1", {
        values: [name],
      }),
    ]);
  stage.vault.put(`postgres/${name}`, { password: "of somebody else" });
  stage.vault.secrets.get(`postgres/${name}`)!.at(-1)!.created = "2020-01-01T00:00:00Z";
  stage.vault.policies.set(role, 'path "secret/data/*" { capabilities = ["read"] }');
  stage.vault.roles.set(role, { bound_audiences: [], bound_claims: {}, token_policies: ["root"] });
  writeFileSync(
    join(folder, "gone.tfstate"),
    JSON.stringify({ resources: [{ mode: "managed", type: "nomad_job", name: "gone" }] }),
  );
  stage.nomadAnswers.set(planPath, {
    body: {
      FailedTGAllocs: {
        vaultwarden: {
          NodesEvaluated: 3,
          ConstraintFiltered: { "missing compatible host volumes": 2, "missing drivers": 1 },
          DimensionExhausted: { memory: 1 },
        },
      },
      Diff: { Type: "None" },
    },
  });
  await ask(`ALTER DATABASE ${name} OWNER TO CURRENT_USER`);
  const before = await everything();
  const all = await found((environment) => ({
    ...environment,
    passwordMaxAgeDays: 90,
    server: { ...environment.server, maxConnections: 300 },
    services: environment.services.map((one) => ({
      ...one,
      definition: {
        ...definition,
        database: { name, connectionLimit: 200, extensions: ["vectors", "pg_stat_statements"] },
      },
    })),
  }));
  expect(all).toEqual([
    expect.stringMatching(/^states: The password in secret\/postgres\/\w+ is not the one of the role/),
    expect.stringMatching(
      /^states: The password of vaultwarden is \d+ days old, and the environment allows 90/,
    ),
    expect.stringMatching(/^states: left the environment, and its state has 1 resources/),
    expect.stringMatching(/^identity: Vault's policy pgmoor-vaultwarden is not what pgmoor wrote/),
    expect.stringMatching(
      /^identity: .*has other bound_claims, bound_audiences, token_policies than pgmoor wrote/,
    ),
    "placement: Nomad would not place the job: missing compatible host volumes (2 clients), missing drivers (1 client), too little memory (1 client)",
    "server: max_connections is 100 on the server, and 300 in the environment. Raise it on the server, or correct server.maxConnections",
    expect.stringMatching(
      /^server: the services' connection limits add up to 200; the server has 100, less 3 reserved and \d+ open/,
    ),
    'server: the server does not have the extension "vectors". Run it from an image that carries it',
    expect.stringMatching(
      /^server: (the extension "pg_stat_statements" needs|the server does not have the extension "pg_stat_statements")/,
    ),
    expect.stringMatching(
      /^server: the database \w+ belongs to the role \w+: the service may not make tables/,
    ),
  ]);
  expect(all.join()).not.toContain("of somebody else");
  expect(await everything()).toEqual(before);
});

test("the policy of what only a move needs, while the service can move or go back", async () => {
  stage.job({ phase: "cutover" });
  const notices = { secret: "pgmoor/notices", format: "ntfy" } as const;
  const told = (phase: "cutover" | "settled") => found((one) => ({ ...one, notices }), { phase });
  expect(await told("cutover")).toEqual([
    expect.stringMatching(
      /^identity: Vault has no policy pgmoor-vaultwarden-source: .* it reads pgmoor\/notices\. Run npx cdktf deploy vaultwarden$/,
    ),
    expect.stringMatching(/^identity: .* has other token_policies than pgmoor wrote/),
  ]);
  stage.vault.policies.set(`${role}-source`, policyText("secret", ["pgmoor/notices"]));
  const before = stage.vault.roles.get(role)!;
  stage.vault.roles.set(role, { ...before, token_policies: [role, `${role}-source`] });
  expect(await told("cutover")).toEqual([]);
  stage.vault.policies.delete(`${role}-source`);
  stage.job({ phase: "settled" });
  expect(await told("settled")).toEqual([]);
});

test.each<[string, () => unknown, RegExp]>([
  [
    "the policy is gone",
    () => stage.vault.policies.delete(role),
    /^identity: Vault has no policy pgmoor-vaultwarden/,
  ],
  [
    "the role is gone",
    () => stage.vault.roles.delete(role),
    /^identity: Vault has no role pgmoor-vaultwarden in auth\/jwt-nomad/,
  ],
  [
    "the role may not log in",
    () => ask(`ALTER ROLE ${name} NOLOGIN`),
    /^server: the role \w+ may not log in/,
  ],
  [
    "the database is open to everybody",
    () => ask(`GRANT CONNECT ON DATABASE ${name} TO PUBLIC`),
    /^server: every role of the server may connect to the database \w+/,
  ],
  [
    "the role may make databases",
    () => ask(`ALTER ROLE ${name} CREATEDB`),
    /^server: the role \w+ has rights beyond its database/,
  ],
  [
    "the role only reads",
    () => ask(`ALTER ROLE ${name} IN DATABASE ${name} SET default_transaction_read_only = on`),
    /^server: sessions of the role \w+ are read-only/,
  ],
  [
    "no client is ready",
    () => stage.nomadAnswers.set(planPath, { body: { FailedTGAllocs: { g: { NodesEvaluated: 0 } } } }),
    /^placement: .*no client in the job's datacenter is ready/,
  ],
  [
    "Nomad refuses the job",
    () =>
      stage.nomadAnswers.set(planPath, {
        status: 500,
        body: '1 error occurred:\n\t* Vault "default" not enabled but used in the job\n',
      }),
    /^placement: Nomad refuses the job: 1 error occurred: \* Vault "default" not enabled but used in the job$/,
  ],
  [
    "the secret was deleted",
    () => {
      stage.vault.secrets.get(`postgres/${name}`)!.at(-1)!.deleted = "2026-01-01T00:00:00Z";
    },
    /^states: The newest version of the secret/,
  ],
  [
    "the database holds rows",
    async () => {
      await asRole("CREATE TABLE t (id int)");
      await asRole("INSERT INTO t VALUES (1), (2)");
      await asRole("ANALYZE");
    },
    /^target: its database on the server holds 2 rows in 1 tables/,
  ],
  [
    "the ledger says confirmed, and it runs on its source",
    () => attempted({ state: "confirmed" }),
    /^target: it runs on its source, and its ledger says that it was confirmed/,
  ],
])("%s", async (_what, plant, says) => {
  await plant();
  expect(await found()).toEqual([expect.stringMatching(says)]);
});

test("a service on its source: whether the job of its cutover could be placed, before that day", async () => {
  stage.nomadAnswers.set(planPath, ({ body }) => {
    const text = JSON.stringify((body as { Job: unknown }).Job);
    const lacking = { NodesEvaluated: 1, ConstraintFiltered: { "missing compatible host volumes": 1 } };
    return { body: { FailedTGAllocs: text.includes("postgres_backups") ? { g: lacking } : null } };
  });
  expect(await found()).toEqual([
    "placement: Nomad would not place the job of its cutover: missing compatible host volumes (1 client)",
  ]);
  const definitionThatStays = { ...definition, cannotMove: "it has no support for PostgreSQL" };
  expect(await found(undefined, { definition: definitionThatStays })).toEqual([]);
});

test("another connection limit on the server is what a deploy changes", async () => {
  await ask(`ALTER ROLE ${name} CONNECTION LIMIT -1`);
  const { problems, notes } = await check();
  expect(problems).toEqual([]);
  expect(notes).toMatchObject([
    { probe: "server", what: `the role ${name} may have any number of connections, and after a deploy 20` },
  ]);
});

test("an image with other versions than a database was made with", async () => {
  // GIVEN versions of before, as after a change of the server's image
  const inside = (sql: string) => ask(sql, { database: name });
  await inside("CREATE EXTENSION hstore VERSION '1.7'");
  await inside("CREATE COLLATION german (provider = icu, locale = 'de')");
  await inside("CREATE TABLE words (word text COLLATE german)");
  await inside("UPDATE pg_collation SET collversion = '1.0' WHERE collname = 'german'");

  // WHEN
  const { problems, notes } = await check();

  // THEN
  expect(problems.map(({ probe, what }) => `${probe}: ${what}`)).toEqual([
    `image: columns with the collation public.german were sorted by another version of it: their indexes may be wrong. Run REINDEX DATABASE ${name}, then ALTER COLLATION public.german REFRESH VERSION`,
  ]);
  expect(notes.map(({ what }) => what)).toEqual([
    `its database has version 1.7 of the extension "hstore", and the server's image has 1.8. Run ALTER EXTENSION "hstore" UPDATE in the database ${name}`,
  ]);

  // WHEN what is said is done THEN nothing is left
  await inside('ALTER EXTENSION "hstore" UPDATE');
  await inside("ALTER COLLATION german REFRESH VERSION");
  expect(await check()).toMatchObject({ problems: [], notes: [] });
});

test("what adopting a job would lose is a problem, what it changes a note, without values", async () => {
  stage.job({ byHand: true });
  stage.nomadAnswers.set(planPath, {
    body: {
      Diff: {
        Type: "Edited",
        TaskGroups: [
          {
            Type: "Edited",
            Name: "vaultwarden",
            Fields: [{ Type: "None", Name: "Count" }],
            Objects: [{ Type: "Added", Name: "Update" }],
            Tasks: [
              {
                Type: "Edited",
                Name: "vaultwarden",
                Fields: [
                  { Type: "Deleted", Name: "Env[X]", Old: "hunter2" },
                  { Type: "Edited", Name: "Env[Y]", Old: "hunter2", New: "hunter3" },
                  { Type: "Deleted", Name: "Env[DATABASE_URL]", Old: "hunter2" },
                ],
              },
            ],
          },
        ],
      },
    },
  });
  const report = await check();
  const task = "group vaultwarden, task vaultwarden";
  expect(report.problems).toEqual([
    {
      service: "vaultwarden",
      probe: "placement",
      what: `adopting the job would lose ${task}, Env[X], which the definition does not say`,
    },
  ]);
  expect(report.notes).toEqual([
    { service: "vaultwarden", probe: "placement", what: `adopting the job changes ${task}, Env[Y]` },
  ]);
  expect(JSON.stringify(report)).not.toMatch(/hunter|DATABASE_URL/);
});

test("what a token may not see is not checked, and no problem", async () => {
  stage.nomadAnswers.set(planPath, { status: 403 });
  const { problems, notChecked } = await check();
  expect(problems).toEqual([]);
  expect(notChecked).toEqual([
    { probe: "placement", why: expect.stringMatching(/may not submit jobs/) as string },
  ]);
});

test("what is on the server wants a backup; what is on its source has nothing there yet", async () => {
  const backups = { repository: { in: "volume", volume: "backups" }, volume: "wal" } as const;
  const withBackups = (environment: Environment): Environment => ({ ...environment, backups });
  expect(await found(withBackups)).toEqual([]);
  stage.job({ phase: "cutover" });
  const problems = await found(withBackups, { phase: "cutover" });
  expect(problems.filter((one) => one.startsWith("backup"))).toEqual([
    "backup: has no backup. Run nomad job periodic force -namespace default pgmoor-backup",
  ]);
});

test("while a server is down, the others are checked, and it is said what was not", async () => {
  stage.vault.sealed = true;
  const report = await check();
  expect(report.problems.map(({ what }) => what)).toEqual([
    `Vault at ${stage.vault.server.address} is sealed: vault operator unseal`,
    expect.stringContaining("PostgreSQL at 127.0.0.1:") as string,
  ]);
  expect(report.notChecked.map(({ probe }) => probe)).toEqual([
    "states",
    "identity",
    "server",
    "image",
    "target",
  ]);
  expect(checkText(report)).toContain("Not checked:");
});
