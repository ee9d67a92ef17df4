import { homelab } from "../../environments/homelab";
import type { EnvironmentService } from "../../environments/model/environment";
import { freshrss } from "../../services/freshrss";
import { defineJob } from "../../services/job-definition";
import { vaultwarden } from "../../services/vaultwarden";
import { nextSteps } from "../../status/next";
import type { JobStatus, LedgerStatus, ServiceStatus } from "../../status/report";

const job: JobStatus = {
  phase: "cutover",
  status: "running",
  stopped: false,
  version: 3,
  running: 1,
  wanted: 1,
  deployment: { status: "successful", description: "" },
};
const ledger: LedgerStatus = {
  attempt: 2,
  state: "confirmed",
  rows: 2161,
  confirmed: "2026-11-20T20:00:00.000Z",
  sourceChanged: null,
};
const well: Omit<ServiceStatus, "next"> = {
  service: "vaultwarden",
  phase: { declared: "cutover", real: "cutover" },
  up: true,
  job,
  health: { status: "passing" },
  database: { name: "vaultwarden", bytes: 1, connections: null, cacheHits: 1 },
  tables: { tables: 0, rows: 0, deadRows: 0, largest: [] },
  ledger,
  password: { version: 1, vaultVersion: 1, changed: "", days: 3, deleted: false, works: true },
  backup: null,
};

function steps(
  seen: Partial<typeof well>,
  service: Partial<EnvironmentService> = {},
  environment = homelab,
): string[] {
  const all = nextSteps({
    environment,
    service: { definition: vaultwarden, phase: "cutover", existing: ["job"], ...service },
    index: 4,
    file: "environments/homelab.ts",
    seen: { ...well, ...seen },
  });
  return all.map(({ what, how }) => `${what}: ${how}`);
}

test("a service that has moved can be settled, by this edit", () => {
  expect(steps({})).toEqual([
    'settle: can be settled when you no longer want to go back. In environments/homelab.ts, write services[4].phase: "settled", then run npx cdktf deploy vaultwarden',
  ]);
});

test("nothing, for one that is settled, whatever has become of its source, or that was never moved", () => {
  const settled = { job: { ...job, phase: "settled" }, ledger: { ...ledger, sourceChanged: "2026-11-21" } };
  expect(steps(settled, { phase: "settled" })).toEqual([]);
  expect(steps({ job: { ...job, phase: "prepared" }, ledger: null }, { phase: "prepared" })).toEqual([]);
});

test.each<[string, Partial<typeof well>, Partial<EnvironmentService>, RegExp]>([
  [
    "moves",
    { job: { ...job, phase: "prepared" }, ledger: null },
    {},
    /^deploy: runs as "prepared", .* says "cutover"\. Run npx cdktf deploy vaultwarden$/,
  ],
  [
    "has failed to move",
    { job: { ...job, phase: "prepared" }, ledger: { ...ledger, state: "copied" } },
    {},
    /^deploy: runs on its source: the last move \(attempt 2\) ended as "copied"\./,
  ],
  ["settles", {}, { phase: "settled" }, /^deploy: runs as "cutover", .* says "settled"/],
  [
    "goes back, without a word about its rows",
    {},
    { phase: "prepared" },
    /^deploy: runs as "cutover".* write services\[4\]\.rollback as well .* services\[4\]\.phase: "cutover"$/,
  ],
  [
    "goes back",
    {},
    { phase: "prepared", rollback: "copy-back" },
    /^deploy: runs as "cutover", and goes back to its source \(rollback "copy-back"\)/,
  ],
  [
    "is back",
    { job: { ...job, phase: "returning" }, ledger: { ...ledger, state: "rolled-back" } },
    { phase: "prepared", rollback: "copy-back" },
    /^deploy: is back on its source\. Remove services\[4\]\.rollback from .*, then run npx cdktf deploy/,
  ],
  [
    "is back, and no longer says so",
    { job: { ...job, phase: "returning" }, ledger: { ...ledger, state: "rolled-back" } },
    { phase: "prepared" },
    /^deploy: is back on its source, and its job still has the tasks of the rollback\. Run npx cdktf deploy/,
  ],
  [
    "was confirmed on the server, and runs on its source",
    { job: { ...job, phase: "prepared" } },
    {},
    /^look: runs on its source, and its ledger says that it was confirmed on the server: each side may have rows .* rollback: "copy-back" .* rollback: "discard" .*, then run npx cdktf deploy vaultwarden/,
  ],
  [
    "was confirmed on the server, and is to stay on its source",
    { job: { ...job, phase: "prepared" } },
    { phase: "prepared" },
    /^look: runs on its source, and its ledger says that it was confirmed on the server/,
  ],
  [
    "is registered by hand",
    { job: { ...job, phase: null }, ledger: null },
    { phase: "prepared" },
    /^deploy: pgmoor has not deployed this job yet/,
  ],
])("one that %s", (_what, seen, service, says) => {
  expect(steps(seen, service)).toEqual([expect.stringMatching(says)]);
});

test.each<[string, Partial<typeof well>, RegExp]>([
  [
    "its job is gone",
    { job: null, health: null },
    /^start: down: Nomad has no such job\. Run npx cdktf deploy vaultwarden$/,
  ],
  [
    "it was stopped",
    { job: { ...job, status: "dead", stopped: true, running: 0 } },
    /^start: down: somebody stopped the job or scaled it to 0\. Run npx cdktf deploy vaultwarden$/,
  ],
  ["it was scaled to 0", { job: { ...job, running: 0, wanted: 0 } }, /^start: down: somebody stopped/],
  [
    "it is dead",
    { job: { ...job, status: "dead", running: 0 } },
    /^start: down: the job is dead\. Run nomad job stop -namespace default vaultwarden, then npx cdktf deploy vaultwarden$/,
  ],
  [
    "it is not placed",
    { job: { ...job, status: "pending", running: 0 } },
    /^look: down: Nomad has not placed or started the job\. Run nomad job status -namespace default vaultwarden$/,
  ],
  [
    "it is not healthy",
    { health: { status: "critical" } },
    /^look: down: the job runs, its health is critical\. Run nomad alloc logs -job -task vaultwarden -namespace default vaultwarden$/,
  ],
  [
    "Nomad does not answer, and it is not healthy",
    { job: { unknown: "" }, health: { status: "critical" } },
    /^look: down: its health check fails/,
  ],
])("down, as %s", (_what, seen, says) => {
  expect(steps({ ...seen, up: false, ledger: null })).toEqual([expect.stringMatching(says)]);
});

test("commands name the job, its namespace, and the group and task of the app", () => {
  const group = (name: string, tasks: string[]) => ({
    Name: name,
    Tasks: tasks.map((task) => ({ Name: task, Driver: "docker" as const, Config: { image: "app" } })),
  });
  const definition = defineJob({
    ...vaultwarden,
    source: undefined,
    jobspec: {
      ID: "vault-warden",
      Name: "vault-warden",
      Type: "service",
      Namespace: "apps",
      TaskGroups: [group("cache", ["redis"]), group("web", ["proxy", "app"])],
    },
    tasks: ["app"],
    health: { port: "http", path: "/alive" },
  });
  expect(steps({ up: false, health: { status: "critical" }, ledger: null }, { definition })).toEqual([
    "look: down: the job runs, its health is critical. Run nomad alloc logs -job -group web -task app -namespace apps vault-warden",
  ]);
});

test("a deployment that is under way is waited for", () => {
  const deploying = { ...job, running: 0, deployment: { status: "running", description: "" } };
  expect(steps({ job: deploying, up: false, ledger: null })).toEqual([
    "wait: a deployment is under way: nomad job deployments -namespace default vaultwarden",
  ]);
});

test("a source that has changed since", () => {
  expect(steps({ ledger: { ...ledger, sourceChanged: "2026-11-21T00:00:00.000Z" } })[0]).toMatch(
    /^source-changed: its source has changed since the move, first seen 2026-11-21/,
  );
});

test("a password that is not the role's, of a service that cannot rotate by itself", () => {
  const password = { ...(well.password as object), works: false } as ServiceStatus["password"];
  const seen = { password, ledger: null, job: { ...job, phase: "prepared" } };
  const [step] = steps(seen, { definition: freshrss, phase: "prepared" });
  expect(step).toMatch(/^rotate: the password in Vault is not the role's.*pgmoor cannot rotate it: /);
});

test("a password that is older than the environment allows", () => {
  const password = { ...(well.password as object), days: 91 } as ServiceStatus["password"];
  const old = { password, ledger: null, job: { ...job, phase: "prepared" } };
  const prepared = { phase: "prepared" } as const;
  expect(steps(old, prepared)).toEqual([]);
  expect(steps(old, prepared, { ...homelab, passwordMaxAgeDays: 91 })).toEqual([]);
  expect(steps(old, prepared, { ...homelab, passwordMaxAgeDays: 90 })).toEqual([
    "rotate: its password is 91 days old, and the environment allows 90. In environments/homelab.ts, write services[4].passwordVersion: 2, then run npx cdktf deploy vaultwarden",
  ]);
});

test("nothing is said of what nobody could tell", () => {
  const nothing = { unknown: "Vault does not answer" };
  expect(
    steps({ up: null, job: nothing, health: nothing, database: nothing, ledger: nothing, password: nothing }),
  ).toEqual([]);
});
