/** What is looked up before a plan, on a real PostgreSQL and real Terraform: the plan stops, says why, and its cure works. */
import { Client } from "pg";
import type { EnvironmentService } from "../../environments/model/environment";
import { gitea } from "../../services/gitea";
import { vaultwarden } from "../../services/vaultwarden";
import { begin, recordConfirmed } from "../../migrator/ledger/ledger";
import { testServer } from "../lab/providers/support/test-postgres";
import { ask, Stage } from "../review/stage";

jest.setTimeout(120_000);

/** Terraform takes seconds for each. Without PGMOOR_THOROUGH they are skipped: `stops.test.ts` has all of them, without Terraform. */
const thoroughly = process.env.PGMOOR_THOROUGH ? test : test.skip;

/** Other tests have databases of these names on the same server. */
const moved = { ...vaultwarden, database: { ...vaultwarden.database, name: `s${process.pid}_vault` } };
const byHand = { ...gitea, database: { ...gitea.database, name: `s${process.pid}_gitea` } };
const name = moved.database.name;
const giteaName = byHand.database.name;

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

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
});
afterEach(() => stage.close());

/** Looks, plans and applies, as `cdktf deploy` does. */
async function deploy(service: EnvironmentService): Promise<void> {
  const seen = await stage.survey(service);
  expect([...seen.stops.values()].flat()).toEqual([]);
  await stage.write(service, undefined, seen);
  expect(await stage.ended()).toEqual([]);
  await stage.terraform("apply", "plan");
}

/** The deploy stops before anything is written. @returns what it says */
async function stopped(service: EnvironmentService): Promise<string> {
  const before = await everything();
  const seen = await stage.survey(service);
  await stage.write(service, undefined, seen);
  const { code, text } = await stage.run("apply", "-auto-approve", "-input=false");
  expect(code).toBe(1);
  expect(await everything()).toEqual(before);
  const [why, ...others] = seen.stops.get(service.definition.name) ?? [];
  expect(others).toEqual([]);
  // What a person at the terminal reads, without Terraform's line breaks.
  expect(text.replace(/\s+/g, " ")).toContain(why);
  return why!;
}

/** What a deploy could have written. */
async function everything(): Promise<unknown> {
  const { vault, nomad } = stage;
  const roles = await ask("SELECT rolname, rolpassword FROM pg_authid WHERE rolname = ANY ($1) ORDER BY 1", {
    values: [[name, giteaName]],
  });
  const databases = await ask("SELECT datname FROM pg_database WHERE datname = ANY ($1) ORDER BY 1", {
    values: [[name, giteaName]],
  });
  return structuredClone([vault.secrets, vault.policies, vault.roles, nomad.jobs, roles, databases]);
}

async function expectLogin(role: string): Promise<void> {
  const { password } = stage.vault.secret(`postgres/${role}`) as { password: string };
  expect(await ask("SELECT current_user AS me", { user: role, database: role, password })).toEqual([
    { me: role },
  ]);
}

async function adopt(): Promise<void> {
  stage.registerByHand("gitea");
  await stage.makeByHand(giteaName, gitea.database.connectionLimit);
  await deploy(adopted());
}

test("without a token for Vault nobody is asked", async () => {
  await deploy(made());
  await stage.loseState();
  const { survey } = await import("../../survey/survey");
  const seen = await survey(stage.environment(made()), { HOME: "/nonexistent" });
  expect(seen.stops.size).toBe(0);
});

test("a lost state: the plan names what is there and the words that take it over", async () => {
  await deploy(made());
  await stage.loseState();

  expect(await stopped(made())).toBe(
    `The secret secret/postgres/${name}, the role ${name}, the database ${name} and the job vaultwarden already exist, but Terraform's state does not have them. If pgmoor made them, the state is lost or elsewhere: deploy from where it is (docs/lost-state.md). To take over what exists, with its data and its password, write existing: ["job","secret","database"].`,
  );

  await deploy(made({ existing: ["job", "secret", "database"] }));
  await expectLogin(name);
});

thoroughly(
  "a database that somebody made by hand, without a secret: its password has to be in Vault",
  async () => {
    await stage.makeByHand(name, 10);
    stage.vault.secrets.delete(`postgres/${name}`);

    expect(await stopped(made())).toContain(
      `write existing: ["secret","database"]. First write the role's password to Vault: vault kv put -mount=secret postgres/${name} password=-`,
    );
  },
);

test("a deploy that was cut off after the role and the database were made: the next one takes them over", async () => {
  await deploy(made());
  const secret = stage.vault.secret(`postgres/${name}`);
  for (const address of ["nomad_job", "postgresql_grant", "postgresql_database", "postgresql_role"])
    await stage.terraform(
      "state",
      "rm",
      `${address}.vaultwarden${address === "postgresql_grant" ? "_public" : ""}`,
    );
  stage.nomad.jobs.clear();

  await deploy(made());

  expect(stage.vault.secret(`postgres/${name}`)).toEqual(secret);
  await expectLogin(name);
  await stage.write(made(), undefined, await stage.survey(made()));
  expect(await stage.changing()).toEqual([]);
});

test("a role that does not accept the secret's password is not taken over", async () => {
  await deploy(made());
  for (const address of ["postgresql_database", "postgresql_role"])
    await stage.terraform("state", "rm", `${address}.vaultwarden`);
  await ask(`ALTER ROLE ${name} PASSWORD 'somebody else'`);

  expect(await stopped(made())).toContain(
    `The role ${name} and the database ${name} already exist, but Terraform's state does not have them.`,
  );
});

thoroughly("an adopted service is no longer said to have existed", async () => {
  await adopt();

  expect(await stopped(adopted({ existing: [] }))).toContain(
    `The secret secret/postgres/${giteaName} already exists, but Terraform's state does not have it.`,
  );
});

thoroughly("what is said to exist, and does not", async () => {
  const seen = await stage.survey(made({ existing: ["job", "secret", "database"] }));
  expect(seen.stops.get("vaultwarden")).toEqual([
    expect.stringContaining('existing names "secret", but Vault has no secret secret/postgres/'),
    expect.stringContaining('existing names "database", but the server has no role'),
    expect.stringContaining(
      'existing names "job", but no job vaultwarden runs in Nomad\'s namespace default',
    ),
  ]);
});

thoroughly("a confirmed service goes back to its source without a word about its rows", async () => {
  stage.nomad.register({ ID: "vaultwarden", Name: "vaultwarden", Namespace: "default", Type: "service" });
  await deploy(made({ existing: ["job"] }));
  await deploy(made({ existing: ["job"], phase: "cutover" }));
  const { password } = stage.vault.secret(`postgres/${name}`) as { password: string };
  const asRole = { user: name, database: name, password };
  const { host, port } = testServer();
  const client = new Client({ host, port, ...asRole });
  await client.connect();
  await client.query("CREATE TABLE items (id integer); INSERT INTO items VALUES (1), (2), (3)");
  await begin(client, { number: 1, service: "vaultwarden", allocation: undefined });
  await client.query("UPDATE pgmoor.ledger SET state = 'copied', rows = 2");
  await recordConfirmed(client, 1);
  await client.end();

  expect(await stopped(made({ existing: ["job"] }))).toContain(
    "the server holds 3 rows of it, and its source has the 2 that were copied",
  );

  await deploy(made({ existing: ["job"], rollback: "copy-back" }));
});

thoroughly("a cutover of a job that is not there", async () => {
  expect(await stopped(made({ phase: "cutover" }))).toContain('Deploy it with phase "prepared" first.');
});

thoroughly.each([
  ["made here", () => deploy(made()).then(() => deploy(made({ passwordVersion: 2 }))), made, name],
  ["adopted", () => adopt().then(() => deploy(adopted({ passwordVersion: 2 }))), adopted, giteaName],
])("a rotation that is taken back, of a service %s", async (_what, prepare, as, role) => {
  await prepare();

  expect(await stopped(as())).toBe(
    "passwordVersion is 1, but version 2 is in use, and the older password is not kept. Write 2 to keep the password, or 3 for a new one.",
  );

  await deploy(as({ passwordVersion: 3 }));
  await expectLogin(role);
});

thoroughly("a secret whose newest version was deleted", async () => {
  await deploy(made());
  const version = stage.vault.secrets.get(`postgres/${name}`)!.at(-1)!;
  version.deleted = new Date().toISOString();

  expect(await stopped(made())).toContain(
    `Undo that: vault kv undelete -versions=N -mount=secret postgres/${name}`,
  );

  delete version.deleted;
  await deploy(made());
});

thoroughly("a secret that is gone with all its versions", async () => {
  await deploy(made());
  stage.vault.secrets.delete(`postgres/${name}`);

  expect(await stopped(made())).toContain(
    "Set passwordVersion to 2: a new password, for the secret and the role.",
  );

  await deploy(made({ passwordVersion: 2 }));
  await expectLogin(name);
});

thoroughly.each([
  ["made here", () => deploy(made()), made, name, 2],
  ["adopted", adopt, adopted, giteaName, 2],
])("a secret that somebody wrote over, of a service %s", async (_what, prepare, as, role, next) => {
  await prepare();
  stage.vault.put(`postgres/${role}`, { username: role, database: role, password: "of somebody else" });

  const why = await stopped(as());
  expect(why).toContain(`The password in secret/postgres/${role} is not the one of the role ${role}`);
  expect(why).toContain(`or set passwordVersion to ${next}`);
  expect(why).not.toContain("of somebody else");

  await deploy(as({ passwordVersion: next }));
  await expectLogin(role);
});

thoroughly("a role that somebody dropped is made again, with the password that is in Vault", async () => {
  await deploy(made());
  await ask(`REASSIGN OWNED BY ${name} TO CURRENT_USER`);
  await ask(`ALTER DATABASE ${name} OWNER TO CURRENT_USER`);
  await ask(`DROP ROLE ${name}`);

  await deploy(made());
  await expectLogin(name);
});

thoroughly("a database that has another name in the code", async () => {
  await deploy(made());
  const definition = { ...moved, database: { ...moved.database, name: `${name}_two` } };

  expect(await stopped(made({ definition }))).toContain(`Set definition.database.name to "${name}".`);
});

thoroughly("a job whose namespace is another in the environment", async () => {
  await deploy(made());
  const environment = stage.environment(made());
  const { survey } = await import("../../survey/survey");
  const seen = await survey(
    { ...environment, nomad: { ...environment.nomad, namespace: "apps" } },
    stage.vault.env,
  );
  expect(seen.stops.get("vaultwarden")).toEqual([
    expect.stringContaining(
      "The job vaultwarden runs in the namespace default; the environment now says apps.",
    ),
  ]);
});

thoroughly("a resource that a deploy left tainted", async () => {
  await deploy(made());
  await stage.terraform("taint", "postgresql_database.vaultwarden");

  expect(await stopped(made())).toContain("run `terraform untaint postgresql_database.vaultwarden`");

  await stage.terraform("untaint", "postgresql_database.vaultwarden");
  await deploy(made());
});

test("a first deploy that failed is no reason to stop", async () => {
  await stage.write(made(), stage.failing, await stage.survey(made()));
  expect((await stage.run("apply", "-auto-approve", "-input=false")).code).toBe(1);

  const seen = await stage.survey(made());
  expect(seen.stops.size).toBe(0);
  await stage.write(made(), undefined, seen);
  await stage.terraform("apply", "-auto-approve", "-input=false");
  expect(stage.nomad.deregistrations).toEqual([]);
});
