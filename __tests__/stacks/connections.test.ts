import { resolve } from "node:path";
import type { Environment } from "../../environments/model/environment";
import { homelab } from "../../environments/homelab";
import { vaultwarden } from "../../services/vaultwarden";
import { jobOf, synthesize, type Json } from "./synthesize";

const closed: Environment = {
  ...homelab,
  nomad: { ...homelab.nomad, address: "https://nomad:4646", region: "eu", caFile: "certificates/ca.pem" },
  vault: {
    ...homelab.vault,
    address: "https://vault:8200",
    namespace: "team",
    caFile: "certificates/ca.pem",
  },
  consul: { address: "https://consul:8501", caFile: "certificates/ca.pem" },
};

function stackOf(environment: Environment, phase: "prepared" | "cutover" | "settled" | "retired"): Json {
  return synthesize({ ...environment, services: [{ definition: vaultwarden, phase }] })["vaultwarden"]!;
}

test.each(["cutover", "retired"] as const)("Terraform reaches a closed cluster, %s", (phase) => {
  const { provider, terraform } = stackOf(closed, phase) as Record<string, Json>;
  const caFile = resolve("certificates/ca.pem");
  expect(provider!.nomad).toEqual([{ address: "https://nomad:4646", region: "eu", ca_file: caFile }]);
  expect(provider!.vault).toMatchObject([
    { address: "https://vault:8200", namespace: "team", ca_cert_file: caFile },
  ]);
  if (phase !== "retired")
    expect(provider!.consul).toEqual([{ address: "https://consul:8501", ca_file: caFile }]);
  // Tokens, certificates and keys are each person's, by variables.
  expect(JSON.stringify(provider)).not.toMatch(/"(token|secret_id|cert_file|key_file)"/);
  expect((terraform!.backend as Json).consul).toMatchObject({ scheme: "https", ca_file: caFile });
});

test("a retired service needs no server, but for OpenTofu, which reads what it forgets", () => {
  const providers = (opentofu: boolean) => {
    const environment: Environment = {
      ...homelab,
      services: [{ definition: vaultwarden, phase: "retired" }],
    };
    const stack = synthesize(environment, undefined, undefined, { opentofu })["vaultwarden"]!;
    return Object.keys(stack.provider as Json).sort();
  };
  expect(providers(false)).toEqual(["nomad", "vault"]);
  expect(providers(true)).toEqual(["consul", "nomad", "postgresql", "vault"]);
});

test("jobs are of the region", () => {
  expect(jobOf(stackOf(closed, "cutover"))).toMatchObject({ Region: "eu" });
  expect(jobOf(stackOf(homelab, "cutover"))).not.toHaveProperty("Region");
});

describe("the migrator's image from a private registry", () => {
  const environment: Environment = {
    ...homelab,
    migrator: {
      ...homelab.migrator,
      program: { driver: "docker", image: "registry.lan:5000/pgmoor/migrator:0.1.0", network: "host" },
      registry: { secret: "registry", fields: { username: "user", password: "pass" } },
    },
  };

  test("has its login from Vault, and the job has variables in its place", () => {
    const stack = stackOf(environment, "cutover");
    for (const task of jobOf(stack).TaskGroups[0].Tasks as Json[]) {
      const ours = ["migrate", "confirm"].includes(task.Name as string);
      const config = task.Config as Json;
      expect([task.Name, config.auth]).toEqual([
        task.Name,
        ours
          ? [{ username: "${PGMOOR_REGISTRY_USERNAME}", password: "${PGMOOR_REGISTRY_PASSWORD}" }]
          : undefined,
      ]);
      const file = (task.Templates as Json[]).find(({ DestPath }) => DestPath === "secrets/registry.env");
      if (ours)
        expect(file).toMatchObject({
          Envvars: true,
          EmbeddedTmpl: expect.stringMatching(/secret "secret\/data\/registry"[\s\S]*\.pass\b/) as string,
        });
      else expect(file).toBeUndefined();
    }
  });

  test("may be read as long as the migrator runs", () => {
    const policies = (phase: "prepared" | "cutover" | "settled") =>
      Object.entries((stackOf(environment, phase).resource as Json).vault_policy as Json)
        .filter(([, policy]) => JSON.stringify(policy).includes("data/registry"))
        .map(([name]) => name);
    expect(policies("prepared")).toEqual(["vaultwarden_source"]);
    expect(policies("cutover")).toEqual(["vaultwarden_source"]);
    expect(policies("settled")).toEqual([]);
  });
});

test("the snapshots may be in a CSI volume, which the job asks for as long as it moves", () => {
  const environment = { ...homelab, migrator: { ...homelab.migrator, snapshots: { csi: "snapshots" } } };
  const volumes = (phase: "cutover" | "settled") =>
    (jobOf(stackOf(environment, phase)).TaskGroups[0].Volumes as Json).snapshots as Json | undefined;
  expect(volumes("cutover")).toEqual({
    Name: "snapshots",
    Type: "csi",
    Source: "snapshots",
    ReadOnly: false,
    AccessMode: "multi-node-multi-writer",
    AttachmentMode: "file-system",
  });
  expect(volumes("settled")).toBeUndefined();
});
