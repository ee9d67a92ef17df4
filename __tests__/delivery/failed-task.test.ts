import { allocationIds, failedTask } from "../../delivery/failed-task";
import { ApiServer, type ApiRequest } from "../lab/providers/support/api-server";

const ended = (FinishedAt: string, Failed = true, ...events: string[]) => ({
  Failed,
  FinishedAt,
  Events: events.map((DisplayMessage) => ({ Type: "Terminated", DisplayMessage })),
});
const old = { ID: "old", TaskStates: { app: ended("2025-01-01T00:00:00Z") } };

let found: unknown[] = [];
let log: { status?: number; body?: string } = {};
const asked: ApiRequest[] = [];
const nomad = new ApiServer((request) => {
  asked.push(request);
  if (request.path === "/v1/job/app/allocations") return { body: found };
  return request.path.startsWith("/v1/client/fs/logs/") ? log : { status: 404 };
});
beforeAll(() => nomad.start());
afterAll(() => nomad.stop());

const at = (address: string) => ({ address, datacenter: "dc1", namespace: "apps" });

/** What an apply that fails in `made` says. */
async function failed(...made: unknown[]): Promise<string | undefined> {
  const of = { nomad: at(nomad.address), job: "app", namespace: "apps" };
  found = [old];
  const before = await allocationIds(of, {});
  found = [old, ...made];
  return failedTask(of, before, {});
}

test("the task that failed first, with the migrator's own words", async () => {
  log = { body: "a line\npgmoor: failed, nothing changed: two rows do not fit:\n  users, rowid 1\n" };
  const said = await failed({
    ID: "aaaaaaaa-1",
    TaskStates: {
      schema: ended("2025-01-02T00:00:02.5Z"),
      migrate: ended("2025-01-02T00:00:02.25Z"),
      app: ended("2025-01-02T00:00:01Z", false),
    },
  });
  expect(said).toBe(
    "The task migrate failed: pgmoor: failed, nothing changed: two rows do not fit:\n  users, rowid 1",
  );
  const { path, query } = asked.at(-1)!;
  expect(path).toBe("/v1/client/fs/logs/aaaaaaaa-1");
  expect(Object.fromEntries(query)).toMatchObject({ task: "migrate", type: "stderr", namespace: "apps" });
});

test("what an app printed is never shown: Nomad's words, and where its log is", async () => {
  log = { body: "pgmoor: password=of-the-app" };
  const said = await failed({
    ID: "bbbbbbbb-1",
    TaskStates: { app: ended("2025-01-02T00:00:00Z", true, "Exit Code: 1", "Exceeded allowed attempts") },
  });
  expect(said).toBe(
    "The task app failed: Exit Code: 1. Exceeded allowed attempts. Its log: nomad alloc logs -stderr -namespace apps bbbbbbbb app",
  );
});

test("a token that may not read logs is told the command", async () => {
  log = { status: 403 };
  expect(await failed({ ID: "cccccccc-1", TaskStates: { confirm: ended("2025-01-02T00:00:00Z") } })).toBe(
    "The task confirm failed: Its log: nomad alloc logs -stderr -namespace apps cccccccc confirm",
  );
});

test("an apply that made no allocation fail says nothing of earlier ones", async () => {
  expect(
    await failed({ ID: "new", TaskStates: { app: ended("2025-01-02T00:00:00Z", false) } }),
  ).toBeUndefined();
});

test("a Nomad that does not answer is no failure of its own", async () => {
  const of = { nomad: at("http://127.0.0.1:9"), job: "app", namespace: "apps" };
  expect(await allocationIds(of, {})).toBeUndefined();
  expect(await failedTask(of, new Set(), {})).toBeUndefined();
});
