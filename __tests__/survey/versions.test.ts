/** Servers that are too old stop a plan, with the version found and the one needed. What is not known stops nothing. */
import { homelab } from "../../environments/homelab";
import { vaultwarden } from "../../services/vaultwarden";
import { contentsOf } from "../../survey/postgres";
import { runningServers } from "../../survey/running";
import { oldest, tooOld, type Running } from "../../survey/versions";
import { ApiServer, type ApiAnswer } from "../lab/providers/support/api-server";
import { ask, testServer } from "../lab/providers/support/test-postgres";
import { Stage } from "../review/stage";

const nomad = (version: string): Running => ({ server: "Nomad", what: "The Nomad client vm1", version });

test.each(["1.8.0", "1.8", "v1.8.0", "1.11.2", "1.10.5+ent", "2.0.0-rc.1", "unknown", ""])(
  "Nomad %s may be deployed to",
  (version) => expect(tooOld([nomad(version)])).toEqual([]),
);

test.each(["1.7.7", "1.7.7+ent", "v0.12.1", "1.0"])("Nomad %s is too old", (version) =>
  expect(tooOld([nomad(version)])).toEqual([
    `The Nomad client vm1 has version ${version}, and pgmoor needs Nomad 1.8 or later (docs/versions.md). Upgrade it, then deploy again.`,
  ]),
);

test.each([
  ["16.14", 0],
  ["15.0 (Debian 15.0-1.pgdg110+1)", 0],
  ["17beta1", 0],
  ["14.23", 1],
  ["9.6.24", 1],
])("PostgreSQL %s", (version, stops) =>
  expect(tooOld([{ server: "PostgreSQL", what: "PostgreSQL", version }])).toHaveLength(stops),
);

describe("asked", () => {
  const servers: ApiServer[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((server) => server.stop())));

  async function serve(answers: Record<string, unknown>): Promise<{ readonly address: string }> {
    const answer = (path: string): ApiAnswer =>
      path in answers ? { body: answers[path] } : { status: 403, body: { errors: ["permission denied"] } };
    const server = new ApiServer(({ path }) => answer(path));
    servers.push(server);
    await server.start();
    return { address: server.address };
  }

  const member = (Name: string, region: string, build: string, Status = "alive") => ({
    Name,
    Status,
    Tags: { region, build },
  });
  const node = (Name: string, Datacenter: string, Version: string, Status = "ready") => ({
    Name,
    Datacenter,
    Version,
    Status,
  });

  test("only what the job may meet counts", async () => {
    const { datacenter } = homelab.nomad;
    const asked = {
      nomad: {
        ...homelab.nomad,
        ...(await serve({
          "/v1/agent/members": {
            ServerRegion: "global",
            Members: [
              member("here", "global", "1.11.2"),
              member("elsewhere", "eu", "1.2.0"),
              member("left", "global", "1.1.0", "left"),
            ],
          },
          "/v1/nodes": [
            node("vm1", datacenter, "1.7.3"),
            node("far", "other", "1.6.0"),
            node("off", datacenter, "1.5.0", "down"),
          ],
        })),
      },
      vault: {
        ...homelab.vault,
        ...(await serve({ "/v1/sys/seal-status": { sealed: false, version: "1.14.8" } })),
      },
      consul: await serve({ "/v1/agent/self": { Config: { Version: "1.22.0" } } }),
    };
    const running = await runningServers(asked, {});
    expect(running.map(({ what, version }) => [what.split(" at ")[0], version])).toEqual([
      ["The Nomad server here", "1.11.2"],
      ["The Nomad client vm1", "1.7.3"],
      ["Vault", "1.14.8"],
      ["Consul", "1.22.0"],
    ]);
    expect(tooOld(running)).toEqual([
      expect.stringMatching(
        /^The Nomad client vm1 has version 1\.7\.3, and pgmoor needs Nomad 1\.8 or later/,
      ),
      expect.stringMatching(/^Vault at http:\S+ has version 1\.14\.8, and pgmoor needs Vault 1\.15 or later/),
    ]);
  });

  test("a token that may not know, and a server that is away, stop nothing", async () => {
    const away = { address: "http://127.0.0.1:1" };
    const asked = {
      nomad: { ...homelab.nomad, ...(await serve({})) },
      vault: { ...homelab.vault, ...away },
      consul: away,
    };
    expect(await runningServers(asked, {})).toEqual([]);
  });
});

test("every service's plan says it, and one that is retired may leave", async () => {
  const stage = await Stage.open();
  try {
    stage.vault.version = "1.13.2";
    const name = `v${process.pid}`;
    const definition = { ...vaultwarden, name, database: { ...vaultwarden.database, name } };
    const seen = await stage.survey({ definition, phase: "prepared" });
    const [why, ...others] = seen.stops.get(name) ?? [];
    expect(others).toEqual([]);
    expect(why).toMatch(
      `Vault at ${stage.vault.server.address} has version 1.13.2, and pgmoor needs Vault ${oldest.Vault} or later`,
    );
    expect((await stage.survey({ definition, phase: "retired" })).stops.size).toBe(0);

    const { host, port } = testServer();
    const admin = { presence: "present", data: stage.vault.secret("postgres/admin") } as const;
    const [said] = await ask<{ server_version: string }>("SHOW server_version");
    expect(
      await contentsOf(stage.environment({ definition, phase: "prepared" }), { host, port }, admin),
    ).toMatchObject({
      version: said!.server_version,
    });
  } finally {
    await stage.close();
  }
});
