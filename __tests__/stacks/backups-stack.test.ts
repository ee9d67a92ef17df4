import { addresses, jobNamed, ownStacks, toVolume, withServer } from "./own-stacks";
import type { Json } from "./synthesize";

const toS3 = {
  ...toVolume,
  repository: { in: "s3", endpoint: "https://s3.example.org/", bucket: "backups", secret: "s3" },
} as const;

const jobs = [
  "pgmoor_backup",
  "pgmoor_restore",
  "pgmoor_restore_all",
  "pgmoor_restore_test",
  "pgmoor_wal",
] as const;

const stackOf = (backups: Parameters<typeof withServer>[1] = toVolume): Json =>
  ownStacks(withServer({}, backups)).backups!;

function tasksOf(stack: Json): { job: string; task: Json }[] {
  return jobs.flatMap((name) =>
    (jobNamed(stack, name).TaskGroups[0].Tasks as Json[]).map((task) => ({ job: name, task })),
  );
}

test("a key, and for each job an identity", () => {
  expect(addresses(stackOf())).toEqual([
    ...jobs.map((name) => `nomad_job.${name}`),
    ...jobs.map((name) => `vault_jwt_auth_backend_role.${name}`),
    "vault_kv_secret_v2.backup_key",
    ...jobs.map((name) => `vault_policy.${name}`),
  ]);
  expect(jobs.map((name) => jobNamed(stackOf(), name))).toMatchSnapshot();
});

test("the key is never destroyed: without it no backup can be read", () => {
  expect(stackOf().resource.vault_kv_secret_v2.backup_key.lifecycle.prevent_destroy).toBe(true);
});

test("each job may read the admin's secret, the key, and for S3 its login", () => {
  const paths = (stack: Json) =>
    [...(stack.resource.vault_policy.pgmoor_backup.policy as string).matchAll(/path "(.*?)"/g)].map(
      ([, path]) => path,
    );
  expect(paths(stackOf())).toEqual(["secret/data/postgres/admin", "secret/data/postgres/backup_key"]);
  expect(paths(stackOf(toS3))).toEqual([
    "secret/data/postgres/admin",
    "secret/data/postgres/backup_key",
    "secret/data/s3",
  ]);
});

test("no secret is an argument or a fixed variable", () => {
  for (const { task } of tasksOf(stackOf(toS3)))
    expect(JSON.stringify([task.Config, task.Env])).not.toMatch(/password|AWS_|secret/i);
});

test("only the restore test is told the services' queries", () => {
  const { services, ...rest } = withServer({}, toVolume);
  const asking = services.map((service) => {
    const { database } = service.definition;
    return service.definition.name === "gitea"
      ? {
          ...service,
          definition: { ...service.definition, database: { ...database, restoreQuery: "SELECT true" } },
        }
      : service;
  });
  const stack = ownStacks({ ...rest, services: asking }).backups!;
  const told = tasksOf(stack).filter(({ task }) => JSON.stringify(task.Templates).includes("SELECT true"));
  expect(told.map(({ job, task }) => `${job} ${task.Name}`)).toEqual(["pgmoor_restore_test test-restore"]);
});

test("the repository: a folder of the volume, or S3", () => {
  const repository = (stack: Json) => tasksOf(stack).find(({ task }) => task.Name === "backup")!.task.Env;
  expect(repository(stackOf())).toMatchObject({ RESTIC_REPOSITORY: "/repository/pgmoor" });
  expect(repository(stackOf(toS3))).toMatchObject({
    RESTIC_REPOSITORY: "s3:https://s3.example.org/backups/pgmoor",
  });
});

test("only the restore of the whole server sees its volume, on the server's own client", () => {
  const stack = stackOf();
  const seeing = tasksOf(stack).filter(({ task }) =>
    (task.VolumeMounts as Json[]).some(({ Volume }) => Volume === "postgres_data"),
  );
  expect(new Set(seeing.map(({ job }) => job))).toEqual(new Set(["pgmoor_restore_all"]));
  expect(jobNamed(stack, "pgmoor_restore_all").Constraints).toEqual([
    { LTarget: "${node.unique.name}", RTarget: "client-1", Operand: "=" },
  ]);
});

test("the restore of the whole server asks no Consul for a server that is stopped", () => {
  const server = (job: string) =>
    (
      tasksOf(stackOf()).find((one) => one.job === job && one.task.Vault !== undefined)!.task
        .Templates as Json[]
    )[0]!.EmbeddedTmpl as string;
  expect(server("pgmoor_restore")).toContain('PGHOST={{ "postgresql.service.consul" | toJSON }}');
  expect(server("pgmoor_restore_all")).toContain('PGHOST={{ "127.0.0.1" | toJSON }}');
});

test("the scratch server is reached by nobody but its allocation", () => {
  const servers = tasksOf(stackOf()).filter(({ task }) => task.Name === "server");
  expect(servers).toHaveLength(3);
  for (const { task } of servers) {
    expect(task.Config.args).toContain("listen_addresses=");
    expect(task.Config.image).toBe("tensorchord/pgvecto-rs:pg16-v0.2.0");
    expect(task.Vault).toBeUndefined();
  }
});

test("a server that becomes the central one again writes to the disk", () => {
  const fsync = (job: string) =>
    (
      tasksOf(stackOf()).find((one) => one.job === job && one.task.Name === "server")!.task.Config
        .args as string[]
    ).includes("fsync=off");
  expect(fsync("pgmoor_restore_test")).toBe(true);
  expect(fsync("pgmoor_restore_all")).toBe(false);
});

test("a periodic job does not overlap with itself, and a failed run is not repeated by itself", () => {
  const job = jobNamed(stackOf(), "pgmoor_backup");
  expect(job.Periodic).toEqual({
    Enabled: true,
    SpecType: "cron",
    Spec: "0 3 * * *",
    TimeZone: "UTC",
    ProhibitOverlap: true,
  });
  expect(job.TaskGroups[0].ReschedulePolicy).toEqual({ Attempts: 0, Unlimited: false });
});
