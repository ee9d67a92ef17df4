import { Client } from "pg";
import type { Environment, EnvironmentService, Phase } from "../../environments/model/environment";
import { homelab } from "../../environments/homelab";
import { begin, recordConfirmed, rollBack } from "../../migrator/ledger/ledger";
import type { RollbackKind } from "../../services/ledger";
import { vaultwarden } from "../../services/vaultwarden";
import { ApiServer } from "../lab/providers/support/api-server";
import { FakeNomad } from "../lab/providers/support/fake-nomad";
import { FakeVault } from "../lab/providers/support/fake-vault";
import { ask, dropAll, testServer } from "../lab/providers/support/test-postgres";
import { Workspace } from "../lab/providers/support/workspace";
import { synthesize, type Json } from "./synthesize";

jest.setTimeout(60_000);

const { host, port, user, password } = testServer();
const database = `t${process.pid}_moor`;

const vault = new FakeVault();
const nomad = new FakeNomad();
const consul = new ApiServer(() => ({
  body: [
    {
      Node: { ID: "1", Node: "vm", Address: host, Datacenter: "dc1", TaggedAddresses: null, Meta: null },
      Service: { ID: "pg", Service: "postgresql", Address: "", Port: port, Tags: null, Meta: null },
      Checks: [],
    },
  ],
}));

/** Those that are on the server already, under their own names. */
const adopted = homelab.services
  .filter(({ existing = [] }) => existing.includes("database"))
  .map(({ definition }) => definition);
const adoptedNames = adopted.map(({ name }) => name);
const oldPassword = "set-by-hand-long-ago";

/** The homelab, with servers that answer. */
let environment: Environment;
let workspace: Workspace;

beforeAll(async () => {
  await Promise.all([vault, nomad].map(({ server }) => server.start()));
  await consul.start();
  vault.put("postgres/admin", { username: user, password });
  for (const { name, database } of adopted) {
    await ask(
      `CREATE ROLE ${name} LOGIN PASSWORD '${oldPassword}' CONNECTION LIMIT ${database.connectionLimit}`,
    );
    await ask(`CREATE DATABASE ${name} OWNER ${name}`);
    vault.put(`postgres/${name}`, { password: oldPassword });
  }
  environment = {
    ...homelab,
    nomad: { ...homelab.nomad, address: nomad.server.address },
    vault: { ...homelab.vault, address: vault.server.address },
    consul: { address: consul.address },
  };
});
beforeEach(async () => {
  workspace = await Workspace.open({ ...vault.env, ...nomad.env });
});
afterEach(() => workspace.close());
afterAll(async () => {
  await dropAll({ databases: [database, ...adoptedNames], roles: [database, ...adoptedNames] });
  await Promise.all([vault.server, nomad.server, consul].map((server) => server.stop()));
});

/** The stack as Terraform gets it, with its state in the workspace. */
function configuration(service: EnvironmentService): Json {
  const stack = synthesize({ ...environment, services: [service] })[service.definition.name]!;
  const { backend: _elsewhere, ...terraform } = stack.terraform as Json;
  return { ...stack, terraform };
}

function actions(changes: Awaited<ReturnType<Workspace["plan"]>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(changes).map(([address, { actions }]) => [address, actions.join()]),
  );
}

function phasesOf({ definition }: EnvironmentService): Phase[] {
  const movable = definition.source !== undefined && definition.cannotMove === undefined;
  // `settled` needs a service that has moved, see below.
  return movable ? ["prepared", "cutover", "retired"] : ["prepared", "retired"];
}

describe.each(homelab.services.map((service) => [service.definition.name, service] as const))(
  "the stack of %s",
  (name, service) => {
    test.each(phasesOf(service))("is valid and can be planned as %s", async (phase) => {
      nomad.register({ ID: name, Name: name, Namespace: "default", Type: "service" });
      await workspace.init(configuration({ ...service, phase }));
      await workspace.succeed("validate");
      const planned = Object.values(actions(await workspace.plan()));
      expect(planned.filter((action) => action.includes("delete"))).toEqual([]);
      expect(planned.length > 0).toBe(phase !== "retired");
      expect(await workspace.planned()).not.toContain(password);
    });
  },
);

test.each(adoptedNames)(
  "%s is adopted as it is: nothing is destroyed or replaced, and its password stays",
  async (name) => {
    // GIVEN a database, a role, a secret and a job that were there before
    nomad.register({ ID: name, Name: name, Namespace: "default", Type: "service" });
    const service = homelab.services.find(({ definition }) => definition.name === name)!;
    const login = () =>
      ask("SELECT current_user AS me", { user: name, database: name, password: oldPassword });

    // WHEN it is planned THEN what others may do is narrowed, and the job is ours
    await workspace.init(configuration(service));
    const changes = actions(await workspace.plan());
    expect(changes).toEqual({
      [`nomad_job.${name}`]: "update",
      [`postgresql_grant.${name}_public`]: "create",
      [`vault_jwt_auth_backend_role.${name}`]: "create",
      [`vault_policy.${name}`]: "create",
    });
    await workspace.succeed("apply", "plan");

    // THEN the old password is the one that works, and a second time nothing is left to do
    expect(await login()).toEqual([{ me: name }]);
    expect(vault.secret(`postgres/${name}`)).toEqual({ password: oldPassword });
    expect(await workspace.plan()).toEqual({});

    // WHEN its first rotation takes it over THEN the new password is Vault's, and the role's
    if (service.definition.readsDsnOnce !== undefined) return;
    await workspace.write(configuration({ ...service, passwordVersion: 2 }));
    await workspace.succeed("apply", "-auto-approve", "-input=false");
    const rotated = vault.secret(`postgres/${name}`).password as string;
    expect(rotated).not.toBe(oldPassword);
    expect(await ask("SELECT current_user AS me", { user: name, database: name, password: rotated })).toEqual(
      [{ me: name }],
    );
    await expect(login()).rejects.toThrow("password authentication failed");
  },
);

describe("a phase that cannot follow is refused by the plan", () => {
  const definition = { ...vaultwarden, database: { name: database, connectionLimit: 5 } };
  const as = (phase: Phase) => configuration({ definition, phase, existing: ["job"] });
  afterEach(async () => {
    vault.secrets.delete(`postgres/${database}`);
    await dropAll({ databases: [database], roles: [database] });
  });

  /** Terraform's words on the way to a phase, or none where the plan goes through. */
  async function refusal(phase: Phase, rollback?: RollbackKind): Promise<string> {
    await workspace.write(
      configuration({ definition, phase, existing: ["job"], ...(rollback && { rollback }) }),
    );
    const { code, text } = await workspace.run("plan", "-input=false", "-out=plan");
    // Terraform wraps its lines.
    return code === 0 ? "" : text.replace(/\s*\n[│\s]*/g, " ");
  }

  /** The service deployed as `cutover`; `work` sees its ledger as the migrator does. */
  async function moved(): Promise<(work: (client: Client) => Promise<unknown>) => Promise<void>> {
    nomad.register({ ID: "vaultwarden", Name: "vaultwarden", Namespace: "default", Type: "service" });
    await workspace.init(as("prepared"));
    await workspace.succeed("apply", "-auto-approve", "-input=false");
    await workspace.write(as("cutover"));
    await workspace.succeed("apply", "-auto-approve", "-input=false");
    const { password } = vault.secret(`postgres/${database}`) as { password: string };
    return async (work) => {
      const client = new Client({ host, port, database, user: database, password });
      await client.connect();
      await work(client).finally(() => client.end());
    };
  }

  /** What a plan of what was written last says besides. */
  const warning = async () => (await workspace.run("plan", "-input=false")).text.replace(/\s*\n[│\s]*/g, " ");

  async function confirm(client: Client): Promise<void> {
    await begin(client, { number: 1, service: "vaultwarden", allocation: undefined });
    await client.query("UPDATE pgmoor.ledger SET state = 'copied'");
    await recordConfirmed(client, 1);
  }

  test("settled, while the ledger does not say that the move is confirmed", async () => {
    const ledger = await moved();
    expect(await refusal("settled")).toContain("the ledger in its database does not say that its move");
    await ledger(confirm);
    expect(await refusal("settled")).toBe("");
    await ledger(rollBack);
    expect(await refusal("settled")).toContain(
      'Deploy it as "cutover", and settle it when that has succeeded',
    );
  });

  test("prepared, once the service is settled; back to cutover it may go", async () => {
    const ledger = await moved();
    await ledger(confirm);
    await workspace.write(as("settled"));
    await workspace.succeed("apply", "-auto-approve", "-input=false");
    expect(await workspace.plan()).toEqual({});
    expect(await refusal("prepared")).toContain("vaultwarden is settled: its job no longer has its source");
    expect(await refusal("cutover")).toBe("");
  });

  test("settled or cutover, while a confirmed service runs on its source again", async () => {
    const ledger = await moved();
    await ledger(confirm);
    await ledger(rollBack);
    expect(await refusal("prepared")).toBe("");
    await workspace.succeed("apply", "plan");
    await ledger(async (client) => {
      await client.query("UPDATE pgmoor.ledger SET state = 'copied'");
      await recordConfirmed(client, 1);
    });
    expect(await refusal("settled")).toContain("its job runs on its source");
    expect(await refusal("cutover")).toContain("each side may have rows that the other lacks");
    await ledger(rollBack);
    expect(await refusal("cutover")).toBe("");
  });

  test("prepared, of a confirmed service, without a word about the server's rows", async () => {
    const ledger = await moved();
    expect(await refusal("prepared")).toBe("");
    await ledger(confirm);
    expect(await refusal("prepared")).toContain(
      'what it has written since is only on the server. Set rollback: "copy-back" beside phase "prepared"',
    );
    expect(await refusal("prepared", "discard")).toBe("");
    expect(await refusal("prepared", "copy-back")).toBe("");
    await workspace.succeed("apply", "plan");

    // The job runs, and its rollback has not come to its end: only the same rollback, or the server, may follow.
    expect(await refusal("prepared")).toContain("is only on the server");
    expect(await refusal("settled")).toContain("its job runs on its source");
    expect(await refusal("cutover")).toBe("");
    expect(await refusal("prepared", "copy-back")).toBe("");
    expect(await warning()).not.toContain("is back on its source");
    await ledger(rollBack);
    expect(await warning()).toContain(
      "vaultwarden is back on its source. Remove rollback from the environment",
    );
    expect(await refusal("prepared")).toBe("");
    expect(await refusal("cutover")).toBe("");
    expect(await refusal("settled")).toContain("does not say that its move is confirmed");
  });

  test("prepared, of a confirmed service whose job somebody purged, without a word about the server's rows", async () => {
    const ledger = await moved();
    await ledger(confirm);
    nomad.jobs.delete("vaultwarden");
    expect(await refusal("prepared")).toContain("is only on the server");
    expect(await refusal("prepared", "discard")).toBe("");
    await ledger(rollBack);
    expect(await refusal("prepared")).toBe("");
  });

  test("prepared, once the service is settled, wherever its group stands in the job that runs", async () => {
    const ledger = await moved();
    await ledger(confirm);
    await workspace.write(as("settled"));
    await workspace.succeed("apply", "-auto-approve", "-input=false");
    const { body } = nomad.jobs.get("vaultwarden")!;
    nomad.register({ ...body, TaskGroups: [{ Name: "worker", Count: 1 }, ...(body.TaskGroups ?? [])] });
    expect(await refusal("prepared", "discard")).toContain("vaultwarden is settled");
  });

  test("none, after a rollback by hand", async () => {
    const ledger = await moved();
    await ledger(confirm);
    await ledger(rollBack);
    expect(await refusal("prepared")).toBe("");
  });

  test("none, for a job that somebody purged: it is made again", async () => {
    const ledger = await moved();
    await ledger(confirm);
    nomad.jobs.delete("vaultwarden");
    await workspace.write(configuration({ definition, phase: "settled" }));
    expect(actions(await workspace.plan())).toEqual({ "nomad_job.vaultwarden": "create" });
  });

  test("of a confirmed service, each plan says that it can be settled", async () => {
    const ledger = await moved();
    expect(await warning()).not.toContain("settled");
    await ledger(confirm);
    expect(await warning()).toContain(
      'vaultwarden has moved, and its ledger says that it is confirmed. Set phase "settled"',
    );
  });
});

test("a service is prepared, moves, and is retired: no step destroys, and a second time nothing is left to do", async () => {
  // GIVEN a job that somebody registered by hand
  nomad.register({ ID: "vaultwarden", Name: "vaultwarden", Namespace: "default", Type: "service" });
  const definition = { ...vaultwarden, database: { name: database, connectionLimit: 5 } };
  const as = (phase: Phase) => configuration({ definition, phase, existing: ["job"] });

  // WHEN it is prepared
  await workspace.init(as("prepared"));
  expect(actions(await workspace.plan())).toMatchObject({
    "nomad_job.vaultwarden": "update",
    "postgresql_database.vaultwarden": "create",
    "postgresql_role.vaultwarden": "create",
    "vault_kv_secret_v2.vaultwarden": "create",
  });
  await workspace.succeed("apply", "plan");

  // THEN Vault has its secret, which is the role's password, and nobody else may connect
  const secret = vault.secret(`postgres/${database}`);
  expect(secret).toEqual({
    username: database,
    database,
    password: expect.stringMatching(/^[A-Za-z0-9]{48}$/) as string,
  });
  const connection = { host, port, database, user: database, password: secret.password as string };
  expect(await ask("SELECT current_user AS me", connection)).toEqual([{ me: database }]);
  expect(
    await ask("SELECT has_database_privilege('public', $1, 'CONNECT') AS may", { values: [database] }),
  ).toEqual([{ may: false }]);
  expect(await workspace.stateText()).not.toContain(secret.password);
  expect(await workspace.plan()).toEqual({});

  // WHEN it moves THEN its job changes, and nothing else
  await workspace.write(as("cutover"));
  expect(actions(await workspace.plan())).toEqual({ "nomad_job.vaultwarden": "update" });
  await workspace.succeed("apply", "plan");
  expect(await workspace.plan()).toEqual({});

  // WHEN somebody wants to destroy it THEN Terraform refuses
  const destroy = await workspace.run("plan", "-destroy", "-input=false");
  expect(destroy.code).toBe(1);
  expect(destroy.text).toContain("lifecycle.prevent_destroy set");

  // WHEN it is retired THEN Terraform knows nothing of it any more, and all of it is there
  await workspace.write(as("retired"));
  await workspace.succeed("apply", "-auto-approve", "-input=false");
  expect(await workspace.state()).toEqual({});
  expect(await ask("SELECT current_user AS me", connection)).toEqual([{ me: database }]);
  expect(vault.secret(`postgres/${database}`)).toEqual(secret);
  expect(nomad.jobs.get("vaultwarden")?.status).toBe("running");
});
