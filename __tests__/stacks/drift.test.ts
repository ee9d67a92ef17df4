import { homelab } from "../../environments/homelab";
import { gitea } from "../../services/gitea";
import { driftOf } from "../../stacks/drift";
import { wantedJob } from "../../stacks/wanted-job";
import { ApiServer } from "../lab/providers/support/api-server";
import { synthesize, type Json } from "./synthesize";

let plan: { status?: number; body?: unknown } = {};
const asked: string[] = [];
const nomad = new ApiServer(({ path, body }) => {
  asked.push(path);
  expect(body).toMatchObject({ Diff: true, Job: { ID: "gitea" } });
  return plan;
});
beforeAll(() => nomad.start());
afterAll(() => nomad.stop());
beforeEach(() => {
  asked.length = 0;
});

const service = { definition: gitea, phase: "prepared" } as const;
const environment = () => ({
  ...homelab,
  nomad: { ...homelab.nomad, address: nomad.address },
  services: [service],
});
const drift = (deployed: string | undefined) => driftOf(environment(), service, deployed, {});
/** What a state has of the job. */
const deployed = (change: object = {}) => JSON.stringify({ ...wantedJob(environment(), service), ...change });
const env = { Type: "Added", Name: "Env[CHANGED_BY_HAND]", Old: "a secret", New: "" };
const changed = {
  Type: "Edited",
  TaskGroups: [{ Type: "Edited", Name: "gitea", Tasks: [{ Type: "Edited", Name: "gitea", Fields: [env] }] }],
};
const none = { Type: "None" };

test("a variable that somebody added, by name alone", async () => {
  plan = { body: { JobModifyIndex: 42, Diff: changed } };
  expect(await drift(deployed())).toEqual({
    over: 42,
    changes: ["group gitea, task gitea, Env[CHANGED_BY_HAND]"],
  });
});

test("a job that was put back keeps the index, so that the next plan changes nothing", async () => {
  plan = { body: { JobModifyIndex: 50, Diff: none } };
  expect(await drift(deployed({ JobModifyIndex: 42 }))).toEqual({ over: 42, changes: [] });
});

test("another change by hand has another index", async () => {
  plan = { body: { JobModifyIndex: 60, Diff: changed } };
  expect(await drift(deployed({ JobModifyIndex: 42 }))).toMatchObject({ over: 60 });
});

test.each([
  ["as it was deployed", { body: { JobModifyIndex: 42, Diff: none } }],
  ["that is not there", { body: { JobModifyIndex: 0, Diff: changed } }],
  ["that the token may not try", { status: 403 }],
])("a job %s", async (_, answer) => {
  plan = answer;
  expect(await drift(deployed())).toBeUndefined();
  expect(await drift(deployed({ JobModifyIndex: 7 }))).toEqual({ over: 7, changes: [] });
});

test.each([
  ["a job that Terraform deploys anyway", () => deployed({ Priority: 70 })],
  ["a job that somebody registered in HCL", () => 'job "gitea" {}'],
  ["a service that was never deployed", () => undefined],
])("%s is not asked about", async (_, state) => {
  expect(await drift(state())).toBeUndefined();
  expect(asked).toEqual([]);
});

test("the jobspec has the index, and the plan says what it puts back", () => {
  const { resource, check } = synthesize(environment(), undefined, undefined, {
    drift: { over: 42, changes: ["group gitea, task gitea, Env[X]"] },
  }).gitea!;
  const [job] = Object.values((resource as Json).nomad_job as Json) as { jobspec: string }[];
  expect((JSON.parse(job!.jobspec) as Json).JobModifyIndex).toBe(42);
  expect(String((check as Json).job_drift.assert[0].error_message)).toMatch(
    /^Nomad does not run the job of gitea as it was deployed: .*:\n- group gitea, task gitea, Env\[X\]$/,
  );
});

test("a plan that puts nothing back says nothing, and one without drift has no index", () => {
  const kept = synthesize(environment(), undefined, undefined, { drift: { over: 42, changes: [] } }).gitea!;
  expect(kept.check).toBeUndefined();
  expect(JSON.stringify(synthesize(environment()))).not.toContain("JobModifyIndex");
});
