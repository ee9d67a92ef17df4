import { FakeVault } from "./support/fake-vault";
import { ask, dropAll, testServer } from "./support/test-postgres";
import { unwrapped, Workspace } from "./support/workspace";

jest.setTimeout(60_000);

const name = `t${process.pid}_chain`;
const { host, port, user, password } = testServer();

/** The secret chain of a service: nothing of it may be kept by Terraform. */
function chain(version: number): Record<string, unknown> {
  const data = (field: string) => `\${ephemeral.vault_kv_secret_v2.admin.data["${field}"]}`;
  return {
    ephemeral: {
      vault_kv_secret_v2: {
        admin: { mount: "secret", name: "postgres/admin" },
        back: { mount: "secret", mount_id: "${vault_kv_secret_v2.app.id}", name: `postgres/${name}` },
      },
      random_password: { app: { length: 32, special: false } },
    },
    provider: {
      postgresql: { host, port, username: data("username"), password: data("password"), sslmode: "disable" },
    },
    resource: {
      vault_kv_secret_v2: {
        app: {
          mount: "secret",
          name: `postgres/${name}`,
          data_json_wo: `\${jsonencode({ username = "${name}", password = ephemeral.random_password.app.result })}`,
          data_json_wo_version: version,
        },
      },
      postgresql_role: {
        app: {
          name,
          login: true,
          password_wo: '${ephemeral.vault_kv_secret_v2.back.data["password"]}',
          password_wo_version: "${vault_kv_secret_v2.app.data_json_wo_version}",
        },
      },
    },
  };
}

let vault: FakeVault;
let workspace: Workspace;
beforeEach(async () => {
  vault = new FakeVault();
  await vault.server.start();
  vault.put("postgres/admin", { username: user, password });
  workspace = await Workspace.open(vault.env);
});
afterEach(async () => {
  await workspace.close();
  await vault.server.stop();
  await dropAll({ roles: [name] });
});

test("a password goes from its making over Vault to the role, and Terraform keeps nothing of it", async () => {
  // GIVEN
  await workspace.init(chain(1));

  // WHEN
  await workspace.plan();
  const firstPlan = await workspace.planned();
  await workspace.succeed("apply", "plan");

  // THEN the role's password is Vault's
  const first = passwordInVault();
  expect(first).toMatch(/^[a-zA-Z0-9]{32}$/);
  expect(await login(first)).toEqual([{ me: name }]);
  // AND nothing is left to do, though the ephemeral password is another one at every run
  expect(await workspace.plan()).toEqual({});
  const secondPlan = await workspace.planned();

  // WHEN the version is a new one
  await workspace.write(chain(2));
  expect(Object.keys(await workspace.plan())).toEqual(["postgresql_role.app", "vault_kv_secret_v2.app"]);
  const thirdPlan = await workspace.planned();
  await workspace.succeed("apply", "plan");

  // THEN the password is, and the old one is out
  const second = passwordInVault();
  expect(second).not.toBe(first);
  expect(await login(second)).toEqual([{ me: name }]);
  await expect(login(first)).rejects.toThrow("password authentication failed");
  expect(await workspace.plan()).toEqual({});

  const kept = [firstPlan, secondPlan, thirdPlan, await workspace.stateText()].join("\n");
  for (const secret of [first, second, password]) expect(kept).not.toContain(secret);
});

test("an apply that failed between Vault and role is healed by the next: Vault's password is the role's", async () => {
  // GIVEN a role that is in the way, so that only the secret is written
  await ask(`CREATE ROLE ${name}`);
  await workspace.init(chain(1));
  expect(unwrapped(await workspace.apply())).toContain(`role "${name}" already exists`);
  const written = passwordInVault();

  // WHEN
  await ask(`DROP ROLE ${name}`);
  await workspace.succeed("apply", "-auto-approve");

  // THEN
  expect(passwordInVault()).toBe(written);
  expect(await login(written)).toEqual([{ me: name }]);
});

test("a secret that is not there is told of by its path", async () => {
  await workspace.init(chain(1));
  vault.secrets.delete("postgres/admin");

  expect(unwrapped(await workspace.apply())).toContain("Vault has no secret at secret/data/postgres/admin");
});

function passwordInVault(): string {
  return String(vault.secret(`postgres/${name}`).password);
}

function login(secret: string) {
  return ask<{ me: string }>("SELECT current_user::text AS me", { user: name, password: secret });
}
