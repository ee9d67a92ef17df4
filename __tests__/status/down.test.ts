/** What `status` tells while a server is down: what the others know, and which one it is. */
import type { Environment } from "../../environments/model/environment";
import { askStatus } from "../../status/ask";
import type { ServiceStatus, Status } from "../../status/report";
import { statusText } from "../../status/text";
import { isWell } from "../../status/up";
import { type ApiServer, deafPort } from "../lab/providers/support/api-server";
import { testServer } from "../lab/providers/support/test-postgres";
import { name, Stage } from "./stage";

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
  stage.job();
  stage.health("vaultwarden", "passing");
});
afterEach(() => stage.close());

const parts = ["job", "health", "database", "tables", "ledger", "password"] as const;

/** The parts of a service that nobody could tell. */
function unknown(service: ServiceStatus): string[] {
  return parts.filter((part) => service[part] !== null && "unknown" in service[part]);
}

function troubled({ servers }: Status): Record<string, string> {
  return Object.fromEntries(
    servers.flatMap(({ server, trouble }) => (trouble === null ? [] : [[server, trouble]])),
  );
}

async function told(
  change: (environment: Environment) => Environment,
  env: NodeJS.ProcessEnv = stage.vault.env,
  down?: ApiServer,
) {
  const environment = change(stage.environment());
  // It has its address until then.
  await down?.stop();
  const status = await askStatus({
    environment,
    file: "environments/homelab.ts",
    names: ["vaultwarden"],
    env,
  });
  await down?.start();
  expect(isWell(status)).toBe(false);
  return { status, unknown: unknown(status.services[0]!), troubled: troubled(status) };
}

const same = (environment: Environment) => environment;

test("Nomad", async () => {
  const seen = await told(same, stage.vault.env, stage.nomad);
  expect(seen).toMatchObject({ unknown: ["job"], troubled: { Nomad: "does not answer" } });
  expect(seen.status.services[0]!.up).toBeNull();
});

test("Vault", async () => {
  const seen = await told(same, stage.vault.env, stage.vault.server);
  expect(seen).toMatchObject({
    unknown: ["database", "tables", "ledger", "password"],
    troubled: { Vault: "does not answer", PostgreSQL: "was not asked: its admin's password is in Vault" },
  });
  expect(seen.status.services[0]).toMatchObject({ up: true, job: { status: "running" } });
});

test("Vault, sealed", async () => {
  stage.vault.sealed = true;
  expect((await told(same)).troubled.Vault).toBe("is sealed: vault operator unseal");
});

test("no token for Vault, or one that it refuses", async () => {
  const none = await told(same, { HOME: "/nonexistent" });
  expect(none.troubled.Vault).toMatch(/no token\. Set VAULT_TOKEN/);
  const wrong = await told(same, { VAULT_TOKEN: "expired" });
  expect(wrong.troubled).toEqual({
    PostgreSQL: "was not asked: Vault does not show secret/postgres/admin to this token",
  });
  expect(wrong.unknown).toEqual(["database", "tables", "ledger", "password"]);
});

test("Consul: PostgreSQL is asked all the same, if the environment has its address", async () => {
  const lost = await told(same, stage.vault.env, stage.consul);
  expect(lost).toMatchObject({
    unknown: ["health", "database", "tables", "ledger"],
    troubled: { Consul: "does not answer", PostgreSQL: expect.stringContaining("server.address") as string },
  });
  const { host, port } = testServer();
  const seen = await told(
    (environment) => ({ ...environment, server: { ...environment.server, address: { host, port } } }),
    stage.vault.env,
    stage.consul,
  );
  expect(seen).toMatchObject({ unknown: ["health"], troubled: { Consul: "does not answer" } });
});

test("PostgreSQL", async () => {
  stage.health("postgresql", "passing", { address: "127.0.0.1", port: await deafPort() });
  const seen = await told(same);
  expect(seen.unknown).toEqual(["database", "tables", "ledger"]);
  expect(seen.troubled.PostgreSQL).toMatch(/^cannot be asked: .*connect ECONNREFUSED 127\.0\.0\.1:\d+$/);
  expect(seen.status.services[0]!.password).toMatchObject({ version: 1, days: 0, works: null });
  const text = statusText({ ...seen.status, services: [{ ...seen.status.services[0]!, next: [] }] });
  expect(text).toMatch(/Nothing to do, as far as pgmoor could check\.\n$/);
  // Each reason is there once, though four columns are unknown.
  expect(text.match(/ECONNREFUSED/g)).toHaveLength(1);
  expect(text).toMatch(/vaultwarden +\? +\? +\? +\? +\? +\?/);
});

test("Consul has no healthy PostgreSQL", async () => {
  stage.consulAnswers.delete("/v1/health/service/postgresql");
  expect((await told(same)).troubled.PostgreSQL).toBe(
    'was not found: Consul has no healthy service "postgresql"',
  );
});

test("a token that Nomad or Consul refuses, and answers that make no sense", async () => {
  stage.nomadAnswers.set("/v1/jobs", { status: 403, body: "Permission denied" });
  stage.consulAnswers.set("/v1/health/service/vaultwarden", { status: 500, body: "No cluster leader" });
  const refused = await told(same);
  expect(refused.troubled.Nomad).toBe("refuses the token in NOMAD_TOKEN");
  expect(refused.status.services[0]!.health).toEqual({ unknown: "Consul answers with HTTP 500" });

  stage.nomadAnswers.set("/v1/jobs", { body: [] });
  stage.nomadAnswers.set("/v1/job/vaultwarden", { body: "<html>" });
  const senseless = await told(same);
  expect(senseless.status.services[0]!.job).toEqual({
    unknown: "Nomad's answer about the job cannot be read",
  });
});

test("a secret that was deleted, and a password that is not the role's", async () => {
  stage.vault.put(`postgres/${name}`, { password: "of somebody else" });
  const wrong = await told(same);
  expect(wrong.unknown).toEqual(["tables", "ledger"]);
  expect(wrong.status.services[0]).toMatchObject({
    password: { works: false, vaultVersion: 2 },
    next: [
      {
        what: "rotate",
        how: expect.stringContaining(
          "In environments/homelab.ts, write services[0].passwordVersion: 2, then run npx cdktf deploy vaultwarden",
        ) as string,
      },
    ],
  });
  expect(statusText(wrong.status)).not.toContain("of somebody else");

  stage.vault.secrets.get(`postgres/${name}`)!.at(-1)!.deleted = new Date().toISOString();
  expect((await told(same)).status.services[0]!.next).toMatchObject([{ what: "undelete" }]);
});
