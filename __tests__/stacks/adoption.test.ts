import { homelab } from "../../environments/homelab";
import { adoptionOf } from "../../stacks/adoption";
import { gitea } from "../../services/gitea";
import { ApiServer } from "../lab/providers/support/api-server";
import { synthesize, type Json } from "./synthesize";

let running: { status?: number; body?: unknown } = {};
let plan: { status?: number; body?: unknown } = {};
const asked: unknown[] = [];
const nomad = new ApiServer(({ path, body }) => {
  if (!path.includes("/plan")) return running;
  asked.push(body);
  return plan;
});
beforeAll(() => nomad.start());
afterAll(() => nomad.stop());

const service = { definition: gitea, phase: "prepared", existing: ["job"] } as const;
const adoption = () =>
  adoptionOf(
    { ...homelab, nomad: { ...homelab.nomad, address: nomad.address }, services: [service] },
    service,
    {},
  );
const lost = {
  Type: "Edited",
  TaskGroups: [
    { Type: "Deleted", Name: "runner", Fields: [{ Type: "Deleted", Name: "Count", Old: "1", New: "" }] },
  ],
};

test("a job that somebody else registered is compared by Nomad", async () => {
  running = { body: { ID: "gitea", TaskGroups: [{ Meta: null }] } };
  plan = { body: { Diff: lost } };
  expect(await adoption()).toEqual({ changes: [], loses: ["group runner"] });
  expect(asked.at(-1)).toMatchObject({ Diff: true, Job: { ID: "gitea" } });
});

test.each([
  ["that is not there", { status: 404 }],
  ["that pgmoor deployed", { body: { TaskGroups: [{ Meta: { pgmoor_version: "abc" } }] } }],
  ["that is stopped", { body: { Stop: true, TaskGroups: [] } }],
])("a job %s is not", async (_, found) => {
  running = found;
  expect(await adoption()).toBeUndefined();
});

test("where Nomad does not compare, that is said", async () => {
  running = { body: { TaskGroups: [] } };
  plan = { status: 403 };
  expect(await adoption()).toMatch(/does not compare the running job gitea .*HTTP 403.*submit-job/);
});

test("the stack's plans warn, a line for each", () => {
  const told = { changes: ["a"], loses: ["b", "c ${x}"] };
  const { check } = synthesize({ ...homelab, services: [service] }, undefined, undefined, {
    adoption: told,
  }).gitea!;
  const textOf = (name: string): string => String((check as Json)[name].assert[0].error_message);
  expect(textOf("job_changes")).toMatch(/:\n- a$/);
  expect(textOf("job_loses")).toMatch(/:\n- b\n- c \$\$\{x\}$/);
});
