import { ApiServer, deafPort, type ApiRequest } from "./support/api-server";
import { unwrapped, Workspace } from "./support/workspace";

jest.setTimeout(60_000);

/** As Consul answers for an instance; what is empty it gives as null. */
const instance = {
  Node: {
    ID: "14b7",
    Node: "vm",
    Address: "127.0.0.1",
    Datacenter: "dc1",
    TaggedAddresses: { lan: "127.0.0.1" },
    Meta: null,
  },
  Service: {
    ID: "pg-1",
    Service: "postgresql",
    Address: "127.0.0.2",
    Port: 5432,
    Tags: null,
    Meta: { version: "16" },
  },
  Checks: [
    {
      Node: "vm",
      CheckID: "c1",
      Name: "alive",
      Status: "passing",
      Notes: "",
      Output: "ok",
      ServiceID: "pg-1",
      ServiceName: "postgresql",
      ServiceTags: [],
    },
  ],
};

let requests: ApiRequest[];
let instances: (request: ApiRequest) => unknown[];
let consul: ApiServer;
let env: NodeJS.ProcessEnv;
let workspace: Workspace;
beforeEach(async () => {
  requests = [];
  instances = () => [instance];
  consul = new ApiServer((request) => {
    requests.push(request);
    if (request.headers["x-consul-token"] === "wrong") return { status: 403, body: "Permission denied" };
    if (request.path === "/v1/agent/self") return { body: { Config: { Datacenter: "dc1" } } };
    return { headers: { "X-Consul-Index": String(requests.length) }, body: instances(request) };
  });
  await consul.start();
  env = { CONSUL_HTTP_ADDR: `127.0.0.1:${consul.port}` };
  workspace = await Workspace.open(env);
});
afterEach(async () => {
  await workspace.close();
  await consul.stop();
});

function health(service: Record<string, unknown> = {}): Record<string, unknown> {
  return { data: { consul_service_health: { pg: { name: "postgresql", ...service } } } };
}

test("a service's healthy instances come with node and checks", async () => {
  // WHEN
  await workspace.init(health({ tag: "primary", filter: "Service.Port == 5432" }));
  await workspace.succeed("apply", "-auto-approve");

  // THEN
  expect((await workspace.state())["consul_service_health.pg"]).toMatchObject({
    id: 'service-health-dc1-"postgresql"-"primary"',
    datacenter: "dc1",
    passing: true,
    results: [
      {
        node: [
          { id: "14b7", name: "vm", address: "127.0.0.1", meta: {}, tagged_addresses: { lan: "127.0.0.1" } },
        ],
        service: [
          {
            id: "pg-1",
            name: "postgresql",
            address: "127.0.0.2",
            port: 5432,
            tags: [],
            meta: { version: "16" },
          },
        ],
        checks: [{ id: "c1", name: "alive", status: "passing", output: "ok", service_id: "pg-1" }],
      },
    ],
  });
  const query = Object.fromEntries(requests.at(-1)?.query ?? []);
  expect(query).toEqual({ dc: "dc1", tag: "primary", passing: "1", filter: "Service.Port == 5432" });
});

test("a service of which there is no healthy instance has no results", async () => {
  instances = () => [];
  await workspace.init(health());
  await workspace.succeed("apply", "-auto-approve");

  expect((await workspace.state())["consul_service_health.pg"]).toMatchObject({ results: [] });
});

test("an instance is waited for as long as asked, by a blocking query", async () => {
  instances = ({ query }) => (query.has("index") ? [instance] : []);
  await workspace.init(health({ wait_for: "10s" }));
  await workspace.succeed("apply", "-auto-approve");

  expect((await workspace.state())["consul_service_health.pg"]?.results).toHaveLength(1);
});

test("an instance that does not come in time, a refused token and a deaf Consul are told of in words", async () => {
  instances = () => [];
  await workspace.init(health({ wait_for: "50ms" }));
  expect(unwrapped(await workspace.run("plan"))).toContain(
    "Consul knows no healthy instance of postgresql, and none came within 50ms",
  );

  await workspace.write(health());
  env.CONSUL_HTTP_TOKEN = "wrong";
  expect(unwrapped(await workspace.run("plan"))).toMatch(
    /answers 403: Permission denied .* CONSUL_HTTP_TOKEN/,
  );

  env.CONSUL_HTTP_ADDR = `http://127.0.0.1:${await deafPort()}`;
  expect(unwrapped(await workspace.run("plan"))).toContain(
    `Consul at ${env.CONSUL_HTTP_ADDR} cannot be reached (connection refused)`,
  );
});
