import { endDeployment, plannedJob } from "../../delivery/given-up";
import { ApiServer, type ApiRequest } from "../lab/providers/support/api-server";

/** What Nomad has, and what it was told to fail. */
interface Scene {
  readonly version?: string;
  /** `"null"`: as Nomad answers where there is none. */
  readonly deployment?: object | "null";
  readonly reverted?: number;
  /** What its allocations say of their tasks. */
  readonly tasks?: Record<string, { State: string; Failed: boolean }>;
}
const waiting = { ID: "d1", JobVersion: 3, Status: "running", TaskGroups: { vault: { PlacedAllocs: 0 } } };

async function end(scene: Scene): Promise<{ said: string | undefined; failed: string[] }> {
  const failed: string[] = [];
  const server = new ApiServer(({ method, path, query }: ApiRequest) => {
    if (query.get("namespace") !== "apps") return { status: 404 };
    const groups = [{ Meta: null }, { Meta: { pgmoor_version: scene.version ?? "new" } }];
    if (path === "/v1/job/vault-warden") return { body: { Version: 3, TaskGroups: groups } };
    if (path === "/v1/job/vault-warden/deployment")
      return { body: scene.deployment === undefined ? waiting : scene.deployment };
    if (path === "/v1/deployment/allocations/d1") return { body: [{ TaskStates: scene.tasks ?? null }] };
    if (method === "PUT") failed.push(path);
    return { body: { RevertedJobVersion: scene.reverted ?? null } };
  });
  await server.start();
  try {
    const nomad = { address: server.address, datacenter: "dc1", namespace: "default" };
    return {
      said: await endDeployment({ nomad, job: "vault-warden", namespace: "apps", version: "new" }, {}),
      failed,
    };
  } finally {
    await server.stop();
  }
}

test("a deployment that waits for a place is failed, and the old version is back", async () => {
  const { said, failed } = await end({ reverted: 2 });
  expect(failed).toEqual(["/v1/deployment/fail/d1"]);
  expect(said).toContain("found no client with free resources");
  expect(said).toContain("Nomad reverts to version 2");
});

test.each([
  ["the version that Nomad has put back", { version: "old" }],
  ["one that has ended", { deployment: { ...waiting, Status: "failed" } }],
  ["another version's", { deployment: { ...waiting, JobVersion: 4 } }],
  ["none", { deployment: "null" }],
] as const)("a deployment is left alone: %s", async (_which, scene) => {
  expect(await end(scene)).toEqual({ said: undefined, failed: [] });
});

test.each([
  ["has succeeded", { State: "dead", Failed: false }, []],
  ["has failed", { State: "dead", Failed: true }, ["/v1/deployment/fail/d1"]],
  ["is under way", { State: "running", Failed: false }, ["/v1/deployment/fail/d1"]],
])("a deployment whose confirm %s: its app's rows are not left behind", async (_which, confirm, expected) => {
  const { said, failed } = await end({
    tasks: { confirm, vaultwarden: { State: "running", Failed: false } },
  });
  expect(failed).toEqual(expected);
  expect(said?.includes("confirmed where it was to go")).toBe(expected.length === 0);
});

test("a Nomad that does not answer is said, with what to do by hand", async () => {
  const nomad = { address: "http://127.0.0.1:9", datacenter: "dc1", namespace: "default" };
  const said = await endDeployment({ nomad, job: "vault-warden", namespace: "apps", version: "new" }, {});
  expect(said).toContain("nomad deployment fail -namespace apps ID");
});

test("job and version are read from the planned jobspec", () => {
  const jobspec = JSON.stringify({ ID: "app", TaskGroups: [{}, { Meta: { pgmoor_version: "v" } }] });
  expect(plannedJob(jobspec)).toEqual({ id: "app", namespace: "default", version: "v" });
  expect(plannedJob(undefined)).toBeUndefined();
});
