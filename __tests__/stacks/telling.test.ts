/** Notices and logs of pgmoor's tasks: where the webhook is read, and where it is not. */
import type { Environment } from "../../environments/model/environment";
import { jobNamed, ownStacks, toVolume, withServer } from "./own-stacks";
import { jobOf, synthesize, type Json } from "./synthesize";

const environment: Environment = {
  ...withServer({}, toVolume),
  notices: { format: "gotify", secret: "notices" },
  logFormat: "json",
};
const moving: Environment = {
  ...environment,
  services: environment.services.map((service) =>
    service.definition.name === "vaultwarden" ? { ...service, phase: "cutover" as const } : service,
  ),
};
const noticesOf = ({ Templates = [] }: Json) =>
  (Templates as Json[]).filter(({ DestPath }) => DestPath === "secrets/notices.env");
const tasksOf = (job: Json) => job.TaskGroups[0].Tasks as Json[];

test("the tasks of a move, and no other task of the job, read the webhook", () => {
  const tasks = tasksOf(jobOf(synthesize(moving).vaultwarden!));
  expect(tasks.filter((task) => noticesOf(task).length > 0).map(({ Name }) => Name)).toEqual([
    "migrate",
    "confirm",
  ]);
  expect(tasks.filter(({ Env }) => Env?.PGMOOR_LOG_FORMAT === "json").map(({ Name }) => Name)).toEqual([
    "migrate",
    "confirm",
  ]);
});

test("a service that moves may read the secret, one that never does may not", () => {
  const policies = (service: string) =>
    JSON.stringify(synthesize(moving)[service]!.resource.vault_policy as Json);
  expect(policies("vaultwarden")).toContain("secret/data/notices");
  expect(policies("gitea")).not.toContain("notices");
});

test("a settled service may not read it any more", () => {
  const settled: Environment = {
    ...moving,
    services: moving.services.map((service) =>
      service.definition.name === "vaultwarden" ? { ...service, phase: "settled" as const } : service,
    ),
  };
  expect(JSON.stringify(synthesize(settled).vaultwarden!.resource.vault_policy)).not.toContain("notices");
});

test("every backup job reads it, in its template alone", () => {
  const stack = ownStacks(environment).backups!;
  for (const name of ["pgmoor_backup", "pgmoor_restore_test", "pgmoor_wal"]) {
    const job = jobNamed(stack, name);
    const task = tasksOf(job).find(({ Name }) => Name !== "server")!;
    expect(noticesOf(task)).toHaveLength(1);
    expect(stack.resource.vault_policy[name].policy).toContain("secret/data/notices");
    expect(JSON.stringify([task.Config, task.Env])).not.toMatch(/NOTICE/);
  }
});

test("without notices nothing of them is there", () => {
  const text = JSON.stringify([ownStacks(withServer({}, toVolume)), synthesize(withServer())]);
  expect(text).not.toMatch(/NOTICE|LOG_FORMAT/);
});
