import { ApiServer, deafPort } from "./support/api-server";
import { FakeVault } from "./support/fake-vault";
import { unwrapped, Workspace } from "./support/workspace";

jest.setTimeout(60_000);

const secret = "vault_kv_secret_v2.app";
const policy = 'path "secret/data/postgres/app" { capabilities = ["read"] }\n';
const role = {
  backend: "jwt-nomad",
  role_name: "app",
  role_type: "jwt",
  user_claim: "/nomad_job_id",
  user_claim_json_pointer: true,
  bound_audiences: ["vault.io"],
  bound_claims: { nomad_job_id: "app", nomad_namespace: "default,other" },
  token_policies: ["app"],
  token_bound_cidrs: ["10.0.0.7/32", "10.1.0.0/16"],
  token_period: 1800,
  token_type: "service",
};

let vault: FakeVault;
let env: NodeJS.ProcessEnv;
let workspace: Workspace;
beforeEach(async () => {
  vault = new FakeVault();
  await vault.server.start();
  env = { ...vault.env };
  workspace = await Workspace.open(env);
});
afterEach(async () => {
  await workspace.close();
  await vault.server.stop();
});

test("secret, policy and role are made, seen to drift, mended, imported and destroyed", async () => {
  // GIVEN
  const configuration = (version: number, password: string): Record<string, unknown> => ({
    resource: {
      vault_kv_secret_v2: {
        app: {
          mount: "secret",
          name: "postgres/app",
          data_json_wo: JSON.stringify({ password }),
          data_json_wo_version: version,
        },
      },
      vault_policy: { app: { name: "app", policy } },
      vault_jwt_auth_backend_role: { app: role },
    },
  });
  await workspace.init(configuration(1, "first"));

  // WHEN it is made
  expect(unwrapped(await workspace.apply())).toContain("3 added");

  // THEN it is there, the work was done by a child of the token, and nothing is left to do
  expect(vault.secret("postgres/app")).toEqual({ password: "first" });
  expect(vault.policies.get("app")).toBe(policy);
  expect(vault.roles.get("app")).toMatchObject({
    user_claim: "/nomad_job_id",
    bound_claims: { nomad_job_id: ["app"], nomad_namespace: ["default", "other"] },
    token_period: 1800,
  });
  expect([...vault.children.values()][0]).toMatchObject({ ttl: "1200s", explicit_max_ttl: "1200s" });
  expect(await workspace.state()).toMatchObject({
    [secret]: {
      id: "secret/data/postgres/app",
      path: "secret/data/postgres/app",
      data: {},
      data_json_wo: null,
      metadata: { version: "1", destroyed: "false", custom_metadata: "null" },
    },
    "vault_jwt_auth_backend_role.app": { id: "auth/jwt-nomad/role/app", bound_claims_type: "string" },
    "vault_policy.app": { id: "app" },
  });
  expect(await workspace.stateText()).not.toContain("first");

  // WHEN the data comes anew without a new version THEN it is not written
  await workspace.write(configuration(1, "second"));
  expect(await workspace.plan()).toEqual({});

  // WHEN the version is a new one THEN it is
  await workspace.write(configuration(2, "second"));
  expect(await workspace.plan()).toMatchObject({ [secret]: { actions: ["update"] } });
  await workspace.succeed("apply", "plan");
  expect(vault.secret("postgres/app")).toEqual({ password: "second" });
  expect((await workspace.state())[secret]).toMatchObject({ metadata: { version: "2" } });

  // WHEN somebody changes it all by hand
  vault.policies.set("app", 'path "*" { capabilities = ["sudo"] }');
  vault.roles.set("app", {
    ...vault.roles.get("app"),
    bound_claims: { nomad_job_id: ["other"] },
    max_age: 5,
  });
  vault.secrets.delete("postgres/app");

  // THEN the plan tells, and the apply mends it
  expect(await workspace.plan()).toMatchObject({
    [secret]: { actions: ["create"] },
    "vault_policy.app": { actions: ["update"], after: { policy } },
    "vault_jwt_auth_backend_role.app": {
      actions: ["update"],
      before: { bound_claims: { nomad_job_id: "other" }, max_age: 5 },
      after: { max_age: null },
    },
  });
  await workspace.succeed("apply", "plan");
  expect(vault.roles.get("app")).toMatchObject({ bound_claims: { nomad_job_id: ["app"] }, max_age: 0 });
  expect(await workspace.plan()).toEqual({});

  // WHEN what is there is imported anew THEN only the data, of which Vault keeps no version number of ours, would be written
  await workspace.succeed("state", "rm", secret, "vault_policy.app", "vault_jwt_auth_backend_role.app");
  await workspace.write({
    ...configuration(2, "second"),
    import: [
      { to: secret, id: "secret/data/postgres/app" },
      { to: "vault_policy.app", id: "app" },
      { to: "vault_jwt_auth_backend_role.app", id: "auth/jwt-nomad/role/app" },
    ],
  });
  expect(Object.keys(await workspace.plan())).toEqual([secret]);
  await workspace.succeed("apply", "plan");

  // WHEN it is destroyed THEN nothing is left
  await workspace.succeed("destroy", "-auto-approve");
  expect([vault.secret("postgres/app"), vault.policies.size, vault.roles.size]).toEqual([{}, 0, 0]);
});

test("what is not there cannot be imported", async () => {
  await workspace.init({
    resource: { vault_policy: { app: { name: "app", policy } } },
    import: [{ to: "vault_policy.app", id: "app" }],
  });

  expect(unwrapped(await workspace.run("plan"))).toContain("Cannot import non-existent remote object");
});

test("data_json is written when it means something else, and check-and-set is Vault's to judge", async () => {
  // GIVEN
  const app = { mount: "secret", name: "app", data_json: '{"a": 1, "b": [true]}', options: { cas: "0" } };
  await workspace.init({ resource: { vault_kv_secret_v2: { app } } });
  await workspace.succeed("apply", "-auto-approve");

  // WHEN it is written otherwise only THEN nothing changes
  await workspace.write({
    resource: { vault_kv_secret_v2: { app: { ...app, data_json: '{"b":[true],"a":1}' } } },
  });
  expect(await workspace.plan()).toEqual({});

  // WHEN it means something else THEN check-and-set is in the way
  await workspace.write({ resource: { vault_kv_secret_v2: { app: { ...app, data_json: '{"a": 2}' } } } });
  expect(unwrapped(await workspace.apply())).toContain("check-and-set parameter did not match");
  expect(vault.secret("app")).toEqual({ a: 1, b: [true] });
});

test("what cannot be is told when validating, without the data", async () => {
  await workspace.init({
    resource: {
      vault_kv_secret_v2: {
        a: { mount: "secret", name: "a", data_json_wo: "no-json-but-s3cret", data_json_wo_version: 1 },
        b: { mount: "secret", name: "b", data_json: "{}", data_json_wo: "{}" },
      },
      vault_jwt_auth_backend_role: { a: { ...role, bound_claims: { nomad_namespace: "a, b" } } },
    },
  });
  const told = unwrapped(await workspace.run("validate"));

  expect(told).toContain("data_json_wo is not the JSON of an object");
  expect(told).toContain("data_json and data_json_wo exclude each other");
  expect(told).toContain("The claim nomad_namespace has spaces around its parts");
  expect(told.replace(/"data_json_wo": "no-json-but-s3cret"/, "")).not.toContain("s3cret");
});

test("a Vault that is sealed, deaf, none at all or refuses is told of in words", async () => {
  // GIVEN
  await workspace.init({ resource: { vault_policy: { app: { name: "app", policy } } } });
  const applying = async (change: NodeJS.ProcessEnv) => {
    Object.assign(env, vault.env, change);
    return unwrapped(await workspace.apply());
  };
  const deaf = `http://127.0.0.1:${await deafPort()}`;
  const another = new ApiServer(() => ({ body: "hello" }));
  await another.start();

  // WHEN / THEN
  try {
    expect(await applying({ VAULT_TOKEN: "" })).toContain("No Vault token: set VAULT_TOKEN");
    expect(await applying({ VAULT_ADDR: "" })).toContain("No Vault address: set VAULT_ADDR");
    expect(await applying({ VAULT_TOKEN: "wrong-token" })).toMatch(
      /permission denied: this token may not write auth\/token\/create.*permission denied/,
    );
    expect(await applying({ VAULT_ADDR: deaf })).toContain(
      `Vault at ${deaf} cannot be reached (connection refused)`,
    );
    expect(await applying({ VAULT_ADDR: another.address })).toContain(
      `${another.address} does not answer like Vault`,
    );
    vault.sealed = true;
    const told = await applying({});
    expect(told).toContain(`Vault at ${vault.server.address} is sealed: unseal it`);
    expect(told).not.toMatch(/node_modules|\.ts:\d/);
  } finally {
    await another.stop();
  }
  expect(vault.policies.size).toBe(0);
});
