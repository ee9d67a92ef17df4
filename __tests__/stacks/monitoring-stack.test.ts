import type { Environment } from "../../environments/model/environment";
import { addresses, jobNamed, ownStacks, toVolume, withServer } from "./own-stacks";
import { synthesize, type Json } from "./synthesize";

const watched = (change: Partial<Environment> = {}): Environment => ({
  ...withServer({}, toVolume),
  monitoring: {},
  ...change,
});
const stackOf = (environment = watched()): Json => ownStacks(environment).monitoring!;
const tasksOf = (stack = stackOf()): Json[] =>
  jobNamed(stack, "pgmoor_monitoring").TaskGroups[0].Tasks as Json[];
const taskNamed = (name: string, stack = stackOf()): Json =>
  tasksOf(stack).find(({ Name }) => Name === name)!;
const templateNamed = (task: Json, path: string): string =>
  (task.Templates as Json[]).find(({ DestPath }) => DestPath === path)!.EmbeddedTmpl as string;

test("a role, a database, a secret, an identity and a job", () => {
  expect(addresses(stackOf())).toEqual([
    "nomad_job.pgmoor_monitoring",
    "postgresql_database.pgmoor_monitoring",
    "postgresql_extension.pgmoor_monitoring_pg_stat_statements",
    "postgresql_grant.pgmoor_monitoring_public",
    "postgresql_role.pgmoor_monitoring",
    "vault_jwt_auth_backend_role.pgmoor_monitoring",
    "vault_kv_secret_v2.pgmoor_monitoring",
    "vault_policy.pgmoor_monitoring",
  ]);
  expect(jobNamed(stackOf(), "pgmoor_monitoring")).toMatchSnapshot();
});

test("the role may see statistics, and its password never is in the state", () => {
  const role = stackOf().resource.postgresql_role.pgmoor_monitoring as Json;
  expect(role.roles).toEqual(["pg_monitor"]);
  expect(role.superuser).toBeUndefined();
  expect(role.password).toBeUndefined();
  expect(role.password_wo).toBe("${ephemeral.vault_kv_secret_v2.pgmoor_monitoring.data.password}");
});

test("what is not to be lost is never destroyed", () => {
  const { resource } = stackOf();
  for (const type of ["postgresql_role", "postgresql_database", "vault_kv_secret_v2"])
    expect(resource[type].pgmoor_monitoring.lifecycle.prevent_destroy).toBe(true);
});

test("the job reads its own password, and of the services' secrets only the age", () => {
  const policy = stackOf().resource.vault_policy.pgmoor_monitoring.policy as string;
  const paths = [...policy.matchAll(/path "(.*?)" \{\s*capabilities = (.*)/g)].map(([, path, can]) => [
    path,
    can,
  ]);
  const [own, ...ages] = paths;
  expect(own).toEqual(["secret/data/postgres/pgmoor_monitoring", '["read"]']);
  expect(ages.length).toBe(watched().services.length);
  for (const [path, can] of ages) {
    expect(path).toMatch(/^secret\/metadata\/postgres\//);
    expect(can).toBe('["read"]');
  }
});

test("no secret is an argument or a fixed variable", () => {
  for (const { Config, Env } of tasksOf())
    expect(JSON.stringify([Config, Env])).not.toMatch(/password|secret|DATA_SOURCE/i);
});

test("only the task that finds the facts gets a token", () => {
  expect(taskNamed("exporter").Vault).toMatchObject({ Env: false, DisableFile: true });
  expect(taskNamed("facts").Vault).toMatchObject({ Env: false, DisableFile: false });
});

test("the exporter looks into every database by the catalogue's own names", () => {
  const exporter = taskNamed("exporter");
  expect(exporter.Config.args).toContain("--auto-discover-databases");
  expect(templateNamed(exporter, "secrets/database.env")).toContain("search_path=pg_catalog");
});

test("without pg_stat_statements on the server, nothing asks for it", () => {
  const { job: _, ...server } = watched().server;
  const stack = stackOf(watched({ server }));
  expect(addresses(stack).join()).not.toContain("pg_stat_statements");
  expect(JSON.stringify(tasksOf(stack))).not.toContain("pg_stat_statements");
});

test("the disk is the one of the server's volume, read-only, on the server's client", () => {
  expect(taskNamed("facts").VolumeMounts).toContainEqual(
    expect.objectContaining({ Volume: "postgres_data", Destination: "/disk", ReadOnly: true }),
  );
  expect(jobNamed(stackOf(), "pgmoor_monitoring").Constraints).toEqual([
    { LTarget: "${node.unique.name}", RTarget: "client-1", Operand: "=" },
  ]);
});

test("no query exports the text of a statement", () => {
  const queries = JSON.parse(
    templateNamed(taskNamed("exporter"), "/local/pgmoor-queries.yaml").replace(
      /\{\{ ("(?:[^"\\]|\\.)*") \}\}/g,
      (_, text: string) => JSON.parse(text) as string,
    ),
  ) as Record<string, { query: string }>;
  expect(Object.keys(queries)).toContain("pgmoor_statement");
  for (const { query } of Object.values(queries)) expect(query).not.toMatch(/\bquery\b/);
});

test("only with monitoring do those who watch get in", () => {
  const hba = (environment: Environment) =>
    templateNamed(
      (jobNamed(ownStacks(environment).server!, "postgresql").TaskGroups[0].Tasks as Json[])[0]!,
      "/local/pg_hba.conf",
    );
  expect(hba(watched())).toContain("host all +pg_monitor all scram-sha-256");
  expect(hba(withServer())).not.toContain("pg_monitor");
  const grants = (environment: Environment) =>
    synthesize(environment).gitea!.resource.postgresql_grant as Json;
  expect(grants(watched()).gitea_watched).toMatchObject({
    role: "pg_monitor",
    object_type: "database",
    privileges: ["CONNECT"],
  });
  expect(grants(withServer()).gitea_watched).toBeUndefined();
});
