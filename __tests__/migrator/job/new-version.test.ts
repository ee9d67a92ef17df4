import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Cleanup, Database, report, Service, writeSqlite } from "../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(30_000);

const schema = "CREATE TABLE IF NOT EXISTS items (id integer PRIMARY KEY, name text)";
const token = "token-of-the-task";

async function newService(): Promise<Service> {
  const service = new Service(cleanup, await Database.create(cleanup), schema, { migrationTables: [] });
  writeSqlite(
    service.source,
    "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO items VALUES (1, 'a')",
  );
  return service;
}

const nanoseconds = (second: number) => (1_764_000_000 + second) * 1e9;

interface Nomad {
  /** When the allocation was placed, in seconds after the job was registered. */
  readonly placed: number;
  readonly stable?: boolean;
  readonly deployment?: string;
  /** When the job was registered again, as it was. */
  readonly again?: number;
  readonly denied?: boolean;
}

/** What Nomad 1.11.2 answers at a task's socket, cut down to what matters. */
async function taskApi(service: Service, nomad: Nomad): Promise<void> {
  const { placed, stable = false, deployment = "running", again, denied = false } = nomad;
  const evaluations = [
    { TriggeredBy: "job-register", CreateTime: nanoseconds(0) },
    { TriggeredBy: "node-update", CreateTime: nanoseconds(placed - 1) },
    { TriggeredBy: "job-register", CreateTime: nanoseconds(placed + 100) },
    ...(again === undefined ? [] : [{ TriggeredBy: "job-register", CreateTime: nanoseconds(again) }]),
  ];
  const answers: Record<string, unknown> = {
    "/v1/allocation/alloc-1?namespace=default": {
      JobID: "app",
      CreateTime: nanoseconds(placed),
      DeploymentID: "deployment-1",
      Job: { SubmitTime: nanoseconds(0), Stable: stable },
    },
    "/v1/deployment/deployment-1?namespace=default": { Status: deployment },
    "/v1/job/app/evaluations?namespace=default": evaluations,
  };
  const server = createServer((request, response) => {
    const known = request.headers.authorization === `Bearer ${token}` && !denied;
    if (!known) return response.writeHead(403).end("Permission denied");
    const answer = answers[request.url ?? ""];
    if (answer === undefined) return response.writeHead(404).end();
    response.end(JSON.stringify(answer));
  });
  const folder = cleanup.folder();
  writeFileSync(join(folder, "nomad_token"), token);
  await new Promise<void>((resolve) => server.listen(join(folder, "api.sock"), resolve));
  cleanup.add(() => server.close());
  service.secrets = folder;
}

describe("a move that waited for a client with room for it", () => {
  test("longer than its deploy waits: it is refused, and nothing is begun", async () => {
    const service = await newService();
    await taskApi(service, { placed: 200 });
    const outcome = await service.migrate();
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain(
      "the job waited 200 s for a client with free resources, longer than 180 s",
    );
    expect(outcome.stderr).toContain("app was not moved. Deploy it again");
    expect(outcome.schema.code).not.toBe(0);
    expect(await service.ledger().catch(() => [])).toEqual([]);
  });

  test.each<[string, Nomad]>([
    ["a short time", { placed: 170 }],
    ["long, and was deployed again as it is", { placed: 86_400, again: 86_300 }],
    ["long, in a version that was deployed before", { placed: 86_400, stable: true }],
    ["long, and no deployment waits for it", { placed: 86_400, deployment: "failed" }],
    ["nobody knows how long: Nomad does not tell", { placed: 86_400, denied: true }],
  ])("%s: it goes on", async (_, nomad) => {
    const service = await newService();
    await taskApi(service, nomad);
    expect(await service.migrated()).toMatchObject({ outcome: "verified", rows: 1 });
  });
});

describe("a new version of a service that has moved", () => {
  async function moved(nomad: Nomad, status: () => number): Promise<Service> {
    const service = await newService();
    await service.migrated();
    await service.setState("confirmed");
    const server = createServer((_, response) => response.writeHead(status()).end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    cleanup.add(() => server.close());
    service.configure({
      migrationTables: [],
      health: `http://127.0.0.1:${(server.address() as AddressInfo).port}/alive`,
      deadlines: { migrateSeconds: 30, confirmSeconds: 5, healthySeconds: 2 },
    });
    await taskApi(service, nomad);
    return service;
  }
  const confirmed = async (service: Service) => (await service.startMigrator("confirm")).done;

  test("that does not answer fails after the time of an ordinary start", async () => {
    const outcome = await confirmed(await moved({ placed: 1 }, () => 503));
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(
      /the app of this new version does not answer 2xx .* within 2 s \(HTTP 503\)/,
    );
  });

  test("that answers after a while is fine", async () => {
    let asked = 0;
    const outcome = await confirmed(await moved({ placed: 1 }, () => (++asked < 3 ? 503 : 200)));
    expect(outcome.stderr).toBe("");
    expect(report(outcome)).toMatchObject({ outcome: "skipped" });
  });

  test("once deployed, may be away for as long as it likes: the start at night does not fail", async () => {
    const outcome = await confirmed(await moved({ placed: 1, stable: true }, () => 503));
    expect(report(outcome)).toMatchObject({ outcome: "skipped" });
  });
});
