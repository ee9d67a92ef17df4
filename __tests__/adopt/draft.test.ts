import { wantedJob } from "../../stacks/wanted-job";
import { homelab } from "../../environments/homelab";
import type { Phase } from "../../environments/model/environment";
import { InvalidEnvironment } from "../../environments/model/problems";
import { validate } from "../../environments/model/validate";
import type { Job, TaskGroup } from "../../nomad/job";
import { consulService, type JobDefinition } from "../../services/job-definition";
import { todo } from "../../services/todo";
import { draftOf } from "../../adopt/draft";
import { valuesOf } from "../../adopt/values";
import { definitionOf, drafted, type JobName } from "./jobs";

test.each([
  ["bookmarks", "moves", /SQLite, \/etc\/linkding\/data\/db\.sqlite3/],
  ["forge", "moves", /its own PostgreSQL, task postgres/],
  ["dashboards", "moves", /SQLite, \/var\/lib\/grafana\/grafana\.db/],
  ["notes", "moves", /SQLite, \/hedgedoc\/data\/notes\.sqlite/],
  ["reader", "on the server", /on the environment's server/],
  ["mesh", "refused", /services mesh are in Consul's service mesh \(connect\)/],
  ["shared", "refused", /groups web and worker share a database \(\/srv\/paperless\/data\)/],
  ["apart", "refused", /groups app and db share a database: the PostgreSQL is in db/],
  ["counted", "refused", /3 allocations cannot share a SQLite file/],
  ["arr", "refused", /several apps with a database: arr\/radarr, arr\/sonarr/],
  ["nightly", "refused", /periodic job/],
  ["cloud", "refused", /its database is mysql, not SQLite or PostgreSQL/],
  ["twice", "refused", /2 allocations cannot share a SQLite file/],
  ["library", "asks", /the file local\/config\.xml tells of a server: does Radarr use that/],
  ["code", "moves", /SQLite, \/var\/lib\/gitea\/data\/gitea\.db/],
  ["links", "moves", /SQLite, \/etc\/linkding\/data\/db\.sqlite3/],
  ["vault", "moves", /SQLite, \/data\/db\.sqlite3/],
] as const)("%s: %s", (name, outcome, reason) => {
  const draft = drafted(name);
  expect([draft.outcome, draft.reasons.join("\n")]).toEqual([
    outcome,
    expect.stringMatching(reason) as string,
  ]);
});

test("passwords in plain sight are named, and not shown", () => {
  const { notes } = drafted("bookmarks");
  expect(notes.join()).toMatch(/LD_SUPERUSER_PASSWORD/);
  expect(notes.join()).not.toMatch(/plain-to-see/);
});

test("the password of a PostgreSQL beside the app is found in Vault, by its own task's template", () => {
  const { source } = definitionOf("forge");
  expect(source).toMatchObject({
    data: "/var/lib/postgresql/data/pgdata",
    password: { secret: "postgres/forge", field: "password" },
  });
  // pgmoor's secret of the database has the same path: it is there.
  expect(drafted("forge").existing).toEqual(["job", "secret"]);
});

test("another variable with the old server's address is named: pgmoor does not know it", () => {
  const { jobspec } = definitionOf("forge");
  const [group, ...groups] = jobspec.TaskGroups;
  const told = (Env: Record<string, string>) => {
    const Tasks = group!.Tasks.map((task) =>
      task.Name === "gitea" ? { ...task, Env: { ...task.Env, ...Env } } : task,
    );
    const job = { ...jobspec, TaskGroups: [{ ...group!, Tasks }, ...groups] };
    return draftOf("forge", job, { mount: "secret", server: homelab.server }).notes.join();
  };
  const host = valuesOf(group!.Tasks.find(({ Name }) => Name === "gitea")!).get(
    "GITEA__database__HOST",
  )!.text;
  expect(told({})).not.toMatch(/leaves the job/);
  expect(told({ CACHE_DB_URL: `postgres://x@${host}/cache`, REDIS: `${host}:6379` })).toMatch(
    /^CACHE_DB_URL of the task gitea names the PostgreSQL that leaves the job/,
  );
});

const moving = ["bookmarks", "forge", "dashboards", "notes", "code", "links", "vault"] as const;

function jobIn(definition: JobDefinition, phase: Phase): Job {
  const service = { definition, phase };
  validate({ ...homelab, services: [service] });
  return wantedJob(homelab, service);
}

test.each(moving)("%s: prepared, its job is the one that runs, to the letter", (name) => {
  const definition = definitionOf(name);
  expect(jobIn(definition, "prepared")).toEqual(definition.jobspec);
});

/** The group of the service, without what is pgmoor's. */
function withoutOurs(group: TaskGroup, { tasks, source }: JobDefinition): unknown {
  const {
    Meta: _,
    Update: __,
    ReschedulePolicy: ___,
    Volumes: ____,
    Networks: _____,
    Tasks,
    ...rest
  } = group;
  const ours = new Set([
    "migrate",
    "schema",
    "source",
    "confirm",
    ...(source && "task" in source ? [source.task] : []),
  ]);
  return {
    ...rest,
    Tasks: Tasks.filter(({ Name }) => !ours.has(Name)).map((task) => {
      if (!tasks.includes(task.Name)) return task;
      const { Vault: _, Templates: __, Env: ___, ...others } = task;
      return others;
    }),
  };
}

test.each(moving.flatMap((name) => [[name, "cutover"] as const, [name, "settled"] as const]))(
  "%s: %s changes what the database needs, and nothing else",
  (name, phase) => {
    const definition = definitionOf(name);
    const { TaskGroups, ...job } = jobIn(definition, phase);
    const { TaskGroups: before, ...jobBefore } = definition.jobspec;
    expect(job).toEqual(jobBefore);
    expect(TaskGroups.slice(1)).toEqual(before.slice(1));
    expect(withoutOurs(TaskGroups[0]!, definition)).toEqual(withoutOurs(before[0]!, definition));
  },
);

test("forge in cutover: the DSN in place of the old variables, the other secrets as they were", () => {
  const [group] = jobIn(definitionOf("forge"), "cutover").TaskGroups;
  const app = group!.Tasks.find(({ Name }) => Name === "gitea")!;
  expect(app.Env).toEqual({ GITEA__server__HTTP_PORT: "3001" });
  expect(app.Vault).toEqual({ Role: "pgmoor-forge" });
  const [old, dsn] = app.Templates!;
  expect(old!.EmbeddedTmpl).not.toMatch(/GITEA__database__PASSWD/);
  expect(old!.EmbeddedTmpl).toMatch(/GITEA__mailer__PASSWD/);
  expect(dsn!.EmbeddedTmpl).toMatch(/GITEA__database__HOST/);
  expect(group!.Update).toMatchObject({ AutoRevert: true, Canary: 0, ProgressDeadline: 0 });
  expect(group!.Tasks.map(({ Name }) => Name)).toEqual(["migrate", "source", "gitea", "confirm"]);
});

test("a bind mount of docker's is the migrator's, too, read-only; what the app writes to is not the schema task's", () => {
  const [group] = jobIn(definitionOf("dashboards"), "cutover").TaskGroups;
  const configOf = (name: string) =>
    group!.Tasks.find(({ Name }) => Name === name)!.Config as Record<string, unknown>;
  expect(configOf("migrate").volumes).toEqual(["/mnt/nas/grafana:/source:ro"]);
  expect(configOf("schema").volumes).toEqual([
    "local/datasources.yml:/etc/grafana/provisioning/datasources/ds.yml:ro",
  ]);
  expect(configOf("schema").network_mode).toBe("host");
});

test("in a group with a network namespace of its own, pgmoor's tasks share its loopback", () => {
  const [group] = jobIn(definitionOf("notes"), "cutover").TaskGroups;
  for (const name of ["migrate", "schema", "confirm"]) {
    const { Config } = group!.Tasks.find(({ Name }) => Name === name)!;
    expect((Config as Record<string, unknown>).network_mode).toBeUndefined();
  }
  const config = group!.Tasks[0]!.Templates!.find(({ DestPath }) => DestPath.endsWith("pgmoor.json"))!;
  expect(config.EmbeddedTmpl).toMatch(/127\.0\.0\.1:" \(env "NOMAD_PORT_http"\)/);
  // Two tries in an hour, and then dead: not while migration tasks are in the job.
  expect(group!.ReschedulePolicy).toMatchObject({ Unlimited: true });
});

test.each([
  // A service's port may be a number where the group has a network namespace.
  ["links", "9090", "127.0.0.1:9090/health"],
  // Nomad names a port of a task by the task.
  ["vault", "http", '" (env "NOMAD_ADDR_bit_warden_http") "/alive'],
] as const)("%s: the app answers at port %s", (name, port, address) => {
  const definition = definitionOf(name);
  expect(definition.health.port).toBe(port);
  const [group] = jobIn(definition, "cutover").TaskGroups;
  const confirm = group!.Tasks.find(({ Name }) => Name === "confirm")!;
  const config = confirm.Templates!.find(({ DestPath }) => DestPath.endsWith("pgmoor.json"))!;
  expect(config.EmbeddedTmpl).toContain(address);
});

test("the task that builds the schema takes nothing that only one container can have", () => {
  const [group] = jobIn(definitionOf("vault"), "cutover").TaskGroups;
  const { Config, Resources } = group!.Tasks.find(({ Name }) => Name === "schema")!;
  expect(Object.keys(Config as object)).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/^(port_map|network_aliases)$/)]),
  );
  expect(Resources).not.toHaveProperty("Networks");
});

function problemsOf(name: JobName, change: (definition: JobDefinition) => object): string {
  const definition = { ...definitionOf(name), ...change(definitionOf(name)) };
  try {
    validate({ ...homelab, services: [{ definition, phase: "prepared" }] });
  } catch (error) {
    if (error instanceof InvalidEnvironment) return error.message;
    throw error;
  }
  return "";
}

const inGroup = (change: (group: TaskGroup) => TaskGroup) => (job: Job) => ({
  ...job,
  TaskGroups: job.TaskGroups.map((group, index) => (index === 0 ? change(group) : group)),
});
const inTasks = (change: (task: TaskGroup["Tasks"][number]) => object) =>
  inGroup((group) => ({
    ...group,
    Tasks: group.Tasks.map((task) => ({ ...task, ...change(task) })),
  }));

test.each([
  ["an answer is missing", () => ({ dsn: todo("how?") }), /definition\.dsn: not answered yet: how\?/],
  [
    "a task of the name of pgmoor's",
    () => ({ job: inTasks(() => ({ Name: "migrate" })) }),
    /job\(\)\.TaskGroups/,
  ],
  [
    "the app's task is gone",
    () => ({ job: inGroup((group) => ({ ...group, Tasks: [] })) }),
    /job\(\)\.TaskGroups: no group has the tasks linkding/,
  ],
  [
    "the source's volume is gone",
    () => ({ job: inTasks(() => ({ VolumeMounts: [] })) }),
    /source\.file: .* is not in any volume of the task linkding \(it has none\)/,
  ],
  [
    "another count",
    () => ({ job: inGroup((group) => ({ ...group, Count: 2 })) }),
    /job\(\)\.TaskGroups\[0\]\.Count/,
  ],
  [
    "another job",
    () => ({ job: (job: Job) => ({ ...job, ID: "x" }) }),
    /job\(\)\.ID: "x" would be another job/,
  ],
  ["no job", () => ({ job: () => undefined }), /definition\.job: it returned no job/],
  [
    "the port is gone",
    () => ({ health: { port: "web", path: "/" } }),
    /health\.port: .* Allowed: metrics, http/,
  ],
  [
    "no main task",
    () => ({ job: inTasks(() => ({ Lifecycle: { Hook: "poststart" } })) }),
    /tasks\[0\]: linkding is no main/,
  ],
] as const)("refused: %s", (_, change, message) => {
  expect(problemsOf("bookmarks", change)).toMatch(message);
});

test("what `job` changes is in every phase, and pgmoor's parts are still there", () => {
  const definition: JobDefinition = {
    ...definitionOf("bookmarks"),
    job: (job, side) => ({ ...job, Priority: side === "source" ? 30 : 90 }),
  };
  expect(jobIn(definition, "prepared").Priority).toBe(30);
  const moved = jobIn(definition, "cutover");
  expect(moved.Priority).toBe(90);
  expect(moved.TaskGroups[0]!.Tasks.map(({ Name }) => Name)).toEqual([
    "migrate",
    "schema",
    "linkding",
    "confirm",
  ]);
});

test("Consul knows a service of somebody's job by the name that the job gives it", () => {
  expect(consulService(definitionOf("forge"))).toBe("forge-http");
  expect(consulService(definitionOf("bookmarks"))).toBe("bookmarks-web");
});
