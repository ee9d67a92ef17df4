/** A rehearsal makes a database, a role in Vault and a job, and none is left, however it ends. PostgreSQL is real. */
import { runChecks } from "../../check/run";
import type { CheckReport } from "../../check/report";
import { UserError } from "../../environments/model/problems";
import { ask } from "../lab/providers/support/test-postgres";
import type { ApiRequest } from "../lab/providers/support/api-server";
import { name, Stage } from "../status/stage";

const job = "pgmoor-rehearsal-vaultwarden";
const database = `pgmoor_rehearsal_${name}`;
let stage: Stage;
/** What was asked of Nomad about the rehearsal's job: its method and path. */
let asked: string[];
/** What there is while the job runs. */
let meanwhile: { databases: string[]; roles: string[] } | undefined;
let stop: AbortController;

beforeEach(async () => {
  stage = await Stage.open();
  asked = [];
  meanwhile = undefined;
  stop = new AbortController();
  stage.job({ phase: "prepared" });
  stage.nomadAnswers.set("/v1/job/vaultwarden/allocations", {
    body: [{ ClientStatus: "running", NodeID: "node-1" }],
  });
  stage.nomadAnswers.set("/v1/job/vaultwarden/plan", { body: { Diff: { Type: "None" } } });
  stage.nomadAnswers.set("/v1/jobs", (request) => noted(request, []));
  stage.nomadAnswers.set(`/v1/job/${job}`, (request) => noted(request, {}));
});
afterEach(() => stage.close());

function noted({ method, path, query }: ApiRequest, body: unknown) {
  if (method !== "GET") asked.push(`${method} ${path}${query.get("purge") === "true" ? " purge" : ""}`);
  return { body };
}

const databases = async () =>
  (
    await ask<{ datname: string }>("SELECT datname FROM pg_database WHERE datname = $1", {
      values: [database],
    })
  ).map(({ datname }) => datname);

/** The job's allocation, once it is registered. */
function allocation(status: string, tasks: Record<string, unknown> = {}) {
  stage.nomadAnswers.set(`/v1/job/${job}/allocations`, async () => {
    if (!asked.includes("POST /v1/jobs")) return { body: [] };
    if (asked.at(-1) === "POST /v1/jobs")
      meanwhile = { databases: await databases(), roles: [...stage.vault.roles.keys()] };
    return { body: [{ ID: "a1", ClientStatus: status, TaskStates: tasks }] };
  });
}

const started = { Failed: false, Events: [{ Type: "Started", DisplayMessage: "Task started by client" }] };

function prints(stdout: string, stderr = ""): void {
  stage.nomadAnswers.set("/v1/client/fs/logs/a1", ({ query }) => ({
    body: query.get("task") === "rehearse" ? (query.get("type") === "stdout" ? stdout : stderr) : "",
  }));
}

function rehearse(): Promise<CheckReport> {
  const environment = { ...stage.environment({ phase: "prepared" }), states: undefined };
  return runChecks(environment, ["vaultwarden"], stage.vault.env, {
    stop: stop.signal,
    say: () => undefined,
  });
}

const of = ({ problems, notes }: CheckReport) => ({
  problems: problems.filter(({ probe }) => probe === "rehearsal").map(({ what }) => what),
  notes: notes.filter(({ probe }) => probe === "rehearsal").map(({ what }) => what),
});

async function expectNothingLeft(): Promise<void> {
  expect(await databases()).toEqual([]);
  expect([...stage.vault.roles.keys()]).not.toContain(job);
  expect(asked.slice(asked.indexOf("POST /v1/jobs") + 1)).toEqual([
    `DELETE /v1/job/${job}`,
    `DELETE /v1/job/${job} purge`,
  ]);
}

test("it is made, watched, told of, and removed", async () => {
  allocation("complete", { rehearse: started, schema: started });
  const source = { pgmoor: "source", bytes: 5 << 20, free: { snapshots: 1e12, scratch: 1e12 } };
  const moved = { pgmoor: "migrate", rows: 7, tables: 2, roundedFractions: 0, seconds: 0.4 };
  prints(`${JSON.stringify(source)}\n${JSON.stringify(moved)}\n`);
  expect(of(await rehearse())).toEqual({
    problems: [],
    notes: ["its source has 5 MiB", expect.stringMatching(/^7 rows in 2 tables fit\./) as string],
  });
  expect(meanwhile).toEqual({ databases: [database], roles: [job] });
  await expectNothingLeft();
});

test("the role in Vault takes this job alone, and may read what the service's may", async () => {
  let role: Record<string, unknown> | undefined;
  stage.nomadAnswers.set("/v1/jobs", (request) => {
    role = stage.vault.roles.get(job) ?? role;
    return noted(request, []);
  });
  allocation("complete", { rehearse: started });
  prints("");
  await rehearse();
  expect(role).toMatchObject({
    bound_audiences: ["vault.io"],
    bound_claims: { nomad_namespace: "default", nomad_job_id: job },
    token_policies: ["pgmoor-vaultwarden", "pgmoor-vaultwarden-source"],
  });
});

test("a move that would fail is a problem, and nothing is left", async () => {
  allocation("failed", { rehearse: { ...started, Failed: true } });
  prints("", "pgmoor: refused, nothing changed: ciphers.atype does not fit\n");
  expect(of(await rehearse()).problems).toEqual(["the move would fail: ciphers.atype does not fit"]);
  await expectNothingLeft();
});

test("an image that cannot be pulled is told in Nomad's words", async () => {
  const DisplayMessage = "Failed to pull `vaultwarden/server:9`: manifest unknown";
  allocation("failed", { schema: { Failed: true, Events: [{ Type: "Driver Failure", DisplayMessage }] } });
  prints("");
  expect(of(await rehearse()).problems).toEqual([`the rehearsal did not run: schema: ${DisplayMessage}`]);
  await expectNothingLeft();
});

test("a job that Nomad does not place is told at once", async () => {
  stage.nomadAnswers.set(`/v1/job/${job}/allocations`, { body: [] });
  stage.nomadAnswers.set(`/v1/job/${job}/evaluations`, {
    body: [
      { Status: "complete", FailedTGAllocs: { g: { NodesEvaluated: 1, DimensionExhausted: { memory: 1 } } } },
    ],
  });
  expect(of(await rehearse()).problems).toEqual([
    "Nomad would not place the rehearsal: too little memory (1 client)",
  ]);
  await expectNothingLeft();
});

test("Nomad refuses the job: database and role are gone again", async () => {
  stage.nomadAnswers.set("/v1/jobs", (request) =>
    request.method === "POST" ? { status: 403, body: "Permission denied" } : { body: [] },
  );
  expect(of(await rehearse()).problems).toEqual(["Nomad refuses POST /v1/jobs: this token may not"]);
  expect(await databases()).toEqual([]);
  expect([...stage.vault.roles.keys()]).not.toContain(job);
});

test("told to stop, it removes everything first", async () => {
  allocation("running", { rehearse: started });
  const running = rehearse();
  const looked = stage.nomadAnswers.get(`/v1/job/${job}/allocations`) as () => Promise<{ body: object[] }>;
  let ended = false;
  stage.nomadAnswers.set(`/v1/job/${job}`, (request) => {
    // Before, what an earlier rehearsal may have left is removed.
    ended = asked.includes("POST /v1/jobs");
    return noted(request, {});
  });
  stage.nomadAnswers.set(`/v1/job/${job}/allocations`, async () => {
    const answer = await looked();
    if (answer.body.length > 0) stop.abort(new UserError("stopped"));
    return ended ? { body: [{ ID: "a1", ClientStatus: "complete", TaskStates: {} }] } : answer;
  });
  await expect(running).rejects.toThrow("stopped");
  expect(meanwhile).toEqual({ databases: [database], roles: [job] });
  await expectNothingLeft();
});

test("a second rehearsal of the service does not begin while one runs", async () => {
  allocation("complete", { rehearse: started });
  let second: Promise<CheckReport> | undefined;
  stage.nomadAnswers.set("/v1/client/fs/logs/a1", async () => {
    second ??= rehearse();
    await second;
    return { body: "" };
  });
  await rehearse();
  expect(of(await second!).problems).toEqual(["another rehearsal of this service runs"]);
});

test("a client without room on its disk has removed what it printed: the words say so", async () => {
  allocation("failed", { rehearse: { ...started, Failed: true } });
  stage.nomadAnswers.set("/v1/client/fs/logs/a1", () => ({ status: 404, body: "not found on client" }));
  const { problems } = of(await rehearse());
  expect(problems.join()).toMatch(/gc_disk_usage_threshold/);
  await expectNothingLeft();
});
