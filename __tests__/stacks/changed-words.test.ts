/** Words of a service's line that change after it was deployed: whatever they become, nothing is destroyed and nobody is locked out. */
import type { EnvironmentService, Existing } from "../../environments/model/environment";
import { gitea } from "../../services/gitea";
import { vaultwarden } from "../../services/vaultwarden";
import { ask, Stage } from "../review/stage";

jest.setTimeout(120_000);

/** Terraform takes seconds for each: they are skipped without PGMOOR_THOROUGH. */
const thoroughly = process.env.PGMOOR_THOROUGH ? test : test.skip;

/** Other tests have databases of these names on the same server. */
const moved = { ...vaultwarden, database: { ...vaultwarden.database, name: `w${process.pid}_vault` } };
const byHand = { ...gitea, database: { ...gitea.database, name: `w${process.pid}_gitea` } };
const [vaultDatabase, giteaDatabase] = [moved, byHand].map(({ database }) => database.name) as [
  string,
  string,
];

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

/** Deploys, having looked that the plan destroys nothing. */
async function deploy(service: EnvironmentService): Promise<void> {
  await stage.write(service);
  expect(await stage.ended()).toEqual([]);
  await stage.terraform("apply", "plan");
}

/** Vault's password opens the role: what the service does at its next start. */
async function expectLogin(name: string): Promise<void> {
  const { password } = stage.vault.secret(`postgres/${name}`) as { password: string };
  expect(await ask("SELECT current_user AS me", { user: name, database: name, password })).toEqual([
    { me: name },
  ]);
}

const made = (change: Partial<EnvironmentService> = {}): EnvironmentService => ({
  definition: moved,
  phase: "prepared",
  ...change,
});
const adopted = (change: Partial<EnvironmentService> = {}): EnvironmentService => ({
  definition: byHand,
  phase: "prepared",
  existing: ["job", "secret", "database"],
  ...change,
});
const all: readonly Existing[] = ["job", "secret", "database"];

test("a service that pgmoor made is said to have existed: its secret is forgotten, and stays", async () => {
  // GIVEN
  await deploy(made());
  const before = stage.vault.secret(`postgres/${vaultDatabase}`);

  // WHEN
  await deploy(made({ existing: all }));

  // THEN
  expect(stage.vault.deletions).toEqual([]);
  expect(stage.vault.secret(`postgres/${vaultDatabase}`)).toEqual(before);
  await expectLogin(vaultDatabase);
  expect(await stage.changing()).toEqual([]);
});

test("the first rotation of an adopted service is taken back: the password in use stays, and is Vault's", async () => {
  // GIVEN
  stage.registerByHand("gitea");
  await stage.makeByHand(giteaDatabase, gitea.database.connectionLimit);
  await deploy(adopted());
  await deploy(adopted({ passwordVersion: 2 }));
  const rotated = stage.vault.secret(`postgres/${giteaDatabase}`);

  // WHEN
  await deploy(adopted());

  // THEN
  expect(stage.vault.deletions).toEqual([]);
  expect(stage.vault.secret(`postgres/${giteaDatabase}`)).toEqual(rotated);
  await expectLogin(giteaDatabase);
  expect(await stage.changing()).toEqual([]);
});

thoroughly(
  "an adopted service is no longer said to have existed: its secret is not written over",
  async () => {
    // GIVEN
    stage.registerByHand("gitea");
    await stage.makeByHand(giteaDatabase, gitea.database.connectionLimit);
    await deploy(adopted());

    // WHEN
    await stage.applyInVain(adopted({ existing: [] }));

    // THEN
    await expectLogin(giteaDatabase);
    expect(stage.vault.secret(`postgres/${giteaDatabase}`)).toEqual({ password: "set-by-hand" });
  },
);

thoroughly("a state is lost: the next deploy writes nothing over the secret", async () => {
  // GIVEN
  await deploy(made());
  const before = stage.vault.secret(`postgres/${vaultDatabase}`);

  // WHEN
  await stage.loseState();
  await stage.applyInVain(made());

  // THEN
  expect(stage.vault.secret(`postgres/${vaultDatabase}`)).toEqual(before);
  await expectLogin(vaultDatabase);

  // WHEN it is adopted THEN it goes on as before
  await deploy(made({ existing: all }));
  await expectLogin(vaultDatabase);
  expect(await stage.changing()).toEqual([]);
});

test("a first deploy fails, its mistake is mended: the second goes through and its job was never stopped", async () => {
  // GIVEN
  await stage.write(made(), stage.failing);
  expect((await stage.run("apply", "-auto-approve", "-input=false")).code).toBe(1);

  // WHEN
  await stage.write(made());
  await stage.terraform("apply", "-auto-approve", "-input=false");

  // THEN
  expect(stage.nomad.deregistrations).toEqual([]);
  expect(stage.nomad.jobs.get("vaultwarden")?.status).toBe("running");
  expect(await stage.changing()).toEqual([]);
});

thoroughly("a rotation is taken back: secret and role have the same password, whichever it is", async () => {
  // GIVEN
  await deploy(made());
  await deploy(made({ passwordVersion: 2 }));

  // WHEN
  await deploy(made());

  // THEN
  expect(stage.vault.deletions).toEqual([]);
  await expectLogin(vaultDatabase);
  expect(await stage.changing()).toEqual([]);
});

thoroughly("an adopted database has another name in the code: nothing is renamed", async () => {
  // GIVEN
  stage.registerByHand("gitea");
  await stage.makeByHand(giteaDatabase, gitea.database.connectionLimit);
  await deploy(adopted());

  // WHEN
  const name = `${giteaDatabase}_two`;
  stage.vault.put(`postgres/${name}`, { password: "set-by-hand" });
  await stage.write(adopted({ definition: { ...byHand, database: { ...byHand.database, name } } }));
  const { code, text } = await stage.run("apply", "-auto-approve", "-input=false");

  // THEN
  expect(code).toBe(1);
  expect(text.replace(/\s+/g, " ")).toContain(
    `Set definition.database.name to its name on the server: ${giteaDatabase}`,
  );
  await expectLogin(giteaDatabase);
});
