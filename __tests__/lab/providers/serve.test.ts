import { FakeVault } from "./support/fake-vault";
import { FakeNomad } from "./support/fake-nomad";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { serveProviders } from "../../../lab/providers/serve";
import { attached, unwrapped, Workspace } from "./support/workspace";

jest.setTimeout(60_000);

const policy = 'path "a" { capabilities = ["read"] }\n';

test("two configurations of one provider, in one run, are kept apart", async () => {
  // GIVEN
  const vaults = [new FakeVault(), new FakeVault()] as const;
  await Promise.all(vaults.map((vault) => vault.server.start()));
  const workspace = await Workspace.open();
  const [first, second] = vaults.map((vault) => ({ address: vault.server.address, token: vault.rootToken }));
  try {
    // WHEN
    await workspace.init({
      provider: { vault: [first, { ...second, alias: "second", skip_child_token: true }] },
      resource: {
        vault_policy: { a: { name: "a", policy }, b: { name: "b", policy, provider: "vault.second" } },
      },
    });
    await workspace.succeed("apply", "-auto-approve");

    // THEN
    expect(vaults.map((vault) => [...vault.policies.keys()])).toEqual([["a"], ["b"]]);
    expect(vaults.map((vault) => vault.children.size)).toEqual([1, 0]);
  } finally {
    await workspace.close();
    await Promise.all(vaults.map((vault) => vault.server.stop()));
  }
});

test("a provider that is configured by what the apply will tell fails only where it is asked before", async () => {
  // GIVEN
  const vault = new FakeVault();
  await vault.server.start();
  const workspace = await Workspace.open({ VAULT_TOKEN: vault.rootToken });
  const configuration = {
    provider: { vault: { address: "${terraform_data.address.output}" } },
    resource: {
      terraform_data: { address: { input: vault.server.address } },
      vault_policy: { a: { name: "a", policy } },
    },
  };
  try {
    // WHEN / THEN
    await workspace.init(configuration);
    await workspace.succeed("apply", "-auto-approve");
    expect([...vault.policies.keys()]).toEqual(["a"]);

    await workspace.succeed("state", "rm", "terraform_data.address");
    expect(unwrapped(await workspace.run("plan"))).toContain(
      "The address of provider vault is not known before the apply",
    );
  } finally {
    await workspace.close();
    await vault.server.stop();
  }
});

test("a state that the real provider wrote, with attributes the stand-in does not have, is taken", async () => {
  // GIVEN
  const vault = new FakeVault();
  await vault.server.start();
  vault.policies.set("a", policy);
  const workspace = await Workspace.open(vault.env);
  try {
    await workspace.init({ resource: { vault_policy: { a: { name: "a", policy } } } });
    await workspace.succeed("import", "vault_policy.a", "a");
    const state = JSON.parse(await workspace.stateText()) as {
      serial: number;
      resources: { instances: { attributes: Record<string, unknown> }[] }[];
    };
    state.serial++;
    Object.assign(state.resources[0]?.instances[0]?.attributes ?? {}, { namespace: null });
    await workspace.writeState(JSON.stringify(state));

    // WHEN / THEN
    expect(await workspace.plan()).toEqual({});
  } finally {
    await workspace.close();
    await vault.server.stop();
  }
});

test("an interrupt ends the waiting for a deployment, and the job stays in the state", async () => {
  // GIVEN
  const nomad = new FakeNomad();
  await nomad.server.start();
  const workspace = await Workspace.open();
  const providers = await serveProviders(nomad.env);
  const jobspec = JSON.stringify({ ID: "app", TaskGroups: [{ Name: "app" }], Meta: { outcome: "running" } });
  try {
    await workspace.init({
      provider: { nomad: { address: nomad.server.address } },
      resource: { nomad_job: { app: { jobspec, json: true, detach: false } } },
    });
    const terraform = spawn("terraform", ["apply", "-auto-approve", "-no-color"], {
      cwd: workspace.folder,
      env: { PATH: process.env.PATH, HOME: workspace.folder, ...attached(providers) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const told = Promise.all([text(terraform.stdout), text(terraform.stderr)]);
    const ended = once(terraform, "exit");

    // WHEN
    await nomad.nextBlockingQuery();
    terraform.kill("SIGINT");

    // THEN
    expect(await ended).toEqual([1, null]);
    expect((await told).join()).toContain("Interrupted while asking Nomad");
    expect(Object.keys(await workspace.state())).toEqual(["nomad_job.app (tainted)"]);
  } finally {
    await workspace.close();
    await providers.stop();
    await nomad.server.stop();
  }
});
