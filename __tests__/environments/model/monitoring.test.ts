/** What is wrong with a monitoring or notices, and what the report says. */
import { homelab } from "../../../environments/homelab";
import { validate } from "../../../environments/model/validate";

function report(change: object, first: object = {}): string[] {
  const [service, ...others] = homelab.services;
  const definition = { ...service!.definition, ...first };
  try {
    validate({
      ...homelab,
      ...change,
      services: [{ ...service!, definition }, ...others],
    });
    return [];
  } catch (error) {
    return (error as Error).message.split("\n").slice(1);
  }
}

test("monitoring needs nothing else", () => {
  expect(report({ monitoring: {} })).toEqual([]);
});

test.each([
  [
    "bridge",
    { exporter: { driver: "docker", image: "exporter:1", network: "bridge" } },
    /^ {2}monitoring\.exporter\.network: "bridge" hides/,
  ],
  [
    "an image without a tag",
    { exporter: { driver: "docker", image: "exporter", network: "host" } },
    /^ {2}monitoring\.exporter\.image: /,
  ],
  ["a port", { port: 9187 }, /^ {2}monitoring\.port: not a Port/],
  ["a volume", { diskVolume: "../data" }, /^ {2}monitoring\.diskVolume: /],
  ["a word", { gauges: true }, /^ {2}monitoring: /],
])("refuses %s", (_what, monitoring, says) => {
  expect(report({ monitoring })).toEqual([expect.stringMatching(says)]);
});

test("its names are taken", () => {
  const named = (name: string) => report({ monitoring: {} }, { name, database: { connectionLimit: 5 } });
  expect(named("pgmoor-monitoring")).toEqual([
    expect.stringMatching(/services\[0\]\.definition\.database\.name: "pgmoor_monitoring" is the database/),
    expect.stringMatching(/services\[0\]\.definition\.name: "pgmoor-monitoring" is the name of a job/),
  ]);
  expect(named("monitoring")).toEqual([expect.stringMatching(/"monitoring" is the name of a stack/)]);
});

test("its connections count", () => {
  const server = { ...homelab.server, maxConnections: 120 };
  const [line] = report({ monitoring: {}, server });
  expect(line).toMatch(
    /^ {2}server\.maxConnections: the services' connection limits, with the monitoring's, add up to \d+/,
  );
});

test("notices: a known format, a path in Vault and no address", () => {
  expect(report({ notices: { format: "gotify", secret: "notices" } })).toEqual([]);
  expect(report({ notices: { format: "telegram", secret: "notices" } })).toHaveLength(1);
  expect(report({ notices: { format: "ntfy", secret: "https://ntfy.example.org/geheim" } })).toHaveLength(1);
});
