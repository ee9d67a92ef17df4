/** What somebody may have spoilt on a cluster, each with what `pgmoor check` says of it. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { Client } from "pg";
import type { LabService } from "../deployment";
import { call } from "../servers/api";
import { asAdmin, databaseOf, readSecret, type Stage } from "./context";

/** @returns what puts it right again */
type Spoil = (stage: Stage) => Promise<() => Promise<unknown>>;

export interface Plant {
  /** A line of the report: `SERVICE PROBE: WORDS`. */
  readonly says: RegExp;
  readonly spoil: Spoil;
}

/** They are on their sources; the newcomer is not deployed yet. */
export interface Victims {
  readonly first: LabService;
  readonly second: LabService;
  readonly third: LabService;
  readonly fourth: LabService;
  readonly newcomer: LabService;
}

export function plants({ first, second, third, fourth, newcomer }: Victims): Plant[] {
  const [one, two, three, four] = [first, second, third, fourth].map(databaseOf) as [
    string,
    string,
    string,
    string,
  ];
  const says = (service: LabService | "null", probe: string, words: string) =>
    new RegExp(`^${service === "null" ? "null" : service.name} ${probe}: .*${words}`);
  return [
    {
      says: says(first, "states", "is not the one of the role"),
      spoil: secret(one, (data) => ({ ...data, password: "typed-in-by-hand" })),
    },
    {
      says: says(first, "identity", "has no policy pgmoor-"),
      spoil: vaultEntry(`sys/policies/acl/pgmoor-${first.name}`, undefined),
    },
    { says: says(first, "identity", "has no role pgmoor-"), spoil: vaultEntry(role(first), undefined) },
    {
      says: says(first, "server", "belongs to the role"),
      spoil: sql(`ALTER DATABASE ${one} OWNER TO postgres`, `ALTER DATABASE ${one} OWNER TO ${one}`),
    },
    { says: says(second, "states", "marked it as tainted"), spoil: state(second, tainted) },
    {
      says: says(second, "placement", "missing compatible host volumes"),
      spoil: environment(second, { volume: "nowhere_data" }),
    },
    {
      says: says(second, "identity", "policy .* is not what pgmoor wrote"),
      spoil: vaultEntry(`sys/policies/acl/pgmoor-${second.name}`, {
        policy: 'path "secret/*" { capabilities = ["read"] }',
      }),
    },
    {
      says: says(second, "identity", "other bound_claims"),
      spoil: vaultEntry(role(second), { bound_claims: { nomad_namespace: "default" } }),
    },
    {
      says: says(second, "server", "may not log in"),
      spoil: sql(`ALTER ROLE ${two} NOLOGIN`, `ALTER ROLE ${two} LOGIN`),
    },
    {
      says: says(second, "server", "rights beyond its database"),
      spoil: sql(`ALTER ROLE ${two} CREATEDB`, `ALTER ROLE ${two} NOCREATEDB`),
    },
    {
      says: says(second, "server", "has expired"),
      spoil: sql(`ALTER ROLE ${two} VALID UNTIL '2020-01-01'`, `ALTER ROLE ${two} VALID UNTIL 'infinity'`),
    },
    {
      says: says(third, "states", "already exist, but Terraform's state does not have them"),
      spoil: state(third, () => undefined),
    },
    { says: says(third, "target", "holds 2 rows in 1 tables"), spoil: rowsOfAnother(third) },
    {
      says: says(third, "server", "every role of the server may connect"),
      spoil: sql(
        `GRANT CONNECT ON DATABASE ${three} TO PUBLIC`,
        `REVOKE CONNECT ON DATABASE ${three} FROM PUBLIC`,
      ),
    },
    {
      says: says(third, "identity", "other bound_audiences"),
      spoil: vaultEntry(role(third), { bound_audiences: ["somebody"] }),
    },
    {
      says: says(fourth, "states", "passwordVersion is 1, but version 3 is in use"),
      spoil: state(fourth, (text) =>
        text.replace(/"data_json_wo_version": \d+/, '"data_json_wo_version": 3'),
      ),
    },
    {
      says: says(fourth, "states", "newest version of the secret .* was deleted"),
      spoil: secretDeleted(four),
    },
    {
      says: says(fourth, "server", "sessions of the role .* are read-only"),
      spoil: sql(
        `ALTER ROLE ${four} SET default_transaction_read_only = on`,
        `ALTER ROLE ${four} RESET default_transaction_read_only`,
      ),
    },
    {
      says: says(fourth, "server", "takes no connections"),
      spoil: sql(
        `ALTER DATABASE ${four} ALLOW_CONNECTIONS false`,
        `ALTER DATABASE ${four} ALLOW_CONNECTIONS true`,
      ),
    },
    {
      says: says(fourth, "identity", "other token_policies"),
      spoil: vaultEntry(role(fourth), { token_policies: ["default"] }),
    },
    { says: says("null", "server", "connection limits add up to"), spoil: sessions(75) },
    { says: /^gone states: left the environment/, spoil: stateOfNobody },
    {
      says: says(newcomer, "states", 'existing names "secret"'),
      spoil: (stage) => newService(stage, newcomer),
    },
    { says: says(newcomer, "states", 'existing names "database"'), spoil: nothing },
    { says: says(newcomer, "placement", "missing compatible host volumes"), spoil: nothing },
  ];
}

/** The one before has spoilt this, too. */
const nothing: Spoil = () => Promise.resolve(() => Promise.resolve());

const role = ({ name }: LabService) => `auth/jwt-nomad/role/pgmoor-${name}`;

const sql =
  (spoils: string, mends: string): Spoil =>
  async ({ lab }) => {
    await asAdmin(lab, "postgres", (client) => client.query(spoils));
    return () => asAdmin(lab, "postgres", (client) => client.query(mends));
  };

function vaultCall({ lab }: Stage, method: "GET" | "POST" | "DELETE", where: string, body?: unknown) {
  const headers = { "X-Vault-Token": lab.vault.token };
  return call<{ data: Record<string, unknown> }>(`${lab.vault.address}/v1/${where}`, {
    method,
    headers,
    body,
  });
}

/** @param change of what Vault has there; undefined: it is deleted */
const vaultEntry =
  (where: string, change: Readonly<Record<string, unknown>> | undefined): Spoil =>
  async (stage) => {
    const { data } = await vaultCall(stage, "GET", where);
    if (change === undefined) await vaultCall(stage, "DELETE", where);
    else await vaultCall(stage, "POST", where, { ...data, ...change });
    return () => vaultCall(stage, "POST", where, data);
  };

const secret =
  (database: string, change: (data: Record<string, string>) => Record<string, string>): Spoil =>
  async (stage) => {
    const data = await readSecret(stage.lab, `postgres/${database}`);
    const put = (next: Record<string, string>) =>
      vaultCall(stage, "POST", `secret/data/postgres/${database}`, { data: next });
    await put(change(data));
    return () => put(data);
  };

const secretDeleted =
  (database: string): Spoil =>
  async (stage) => {
    const { data } = await vaultCall(stage, "GET", `secret/metadata/postgres/${database}`);
    await vaultCall(stage, "DELETE", `secret/data/postgres/${database}`);
    return () =>
      vaultCall(stage, "POST", `secret/undelete/postgres/${database}`, { versions: [data.current_version] });
  };

const environment =
  ({ name }: LabService, change: Partial<LabService>): Spoil =>
  ({ deployment }) =>
    deployment.edit([name], change);

/** @param change undefined: the state is gone */
const state =
  ({ name }: LabService, change: (text: string) => string | undefined): Spoil =>
  async ({ deployment }) => {
    const file = deployment.stateFile(name);
    const before = await fs.readFile(file, "utf8");
    const after = change(before);
    if (after === before) throw new Error(`the state of ${name} cannot be spoilt so`);
    if (after === undefined) await fs.rm(file);
    else await fs.writeFile(file, after);
    return () => fs.writeFile(file, before, { mode: 0o600 });
  };

function tainted(text: string): string {
  const whole = JSON.parse(text) as { resources: { type: string; instances: { status?: string }[] }[] };
  whole.resources.find(({ type }) => type === "postgresql_role")!.instances[0]!.status = "tainted";
  return JSON.stringify(whole);
}

const stateOfNobody: Spoil = async ({ lab }) => {
  const file = path.join(lab.directory, "states", "gone.tfstate");
  const resources = [{ mode: "managed", type: "nomad_job", name: "gone", instances: [] }];
  await fs.writeFile(file, JSON.stringify({ version: 4, resources }), { mode: 0o600 });
  return () => fs.rm(file);
};

const rowsOfAnother =
  (service: LabService): Spoil =>
  async ({ lab }) => {
    const database = databaseOf(service);
    const run = (text: string) => asAdmin(lab, database, (client) => client.query(text));
    await run(
      `CREATE TABLE public.of_another AS SELECT 1 AS n UNION SELECT 2; ALTER TABLE public.of_another OWNER TO ${database}`,
    );
    await run("ANALYZE public.of_another");
    return () => run("DROP TABLE public.of_another");
  };

/** As of a program that opens too many. */
const sessions =
  (count: number): Spoil =>
  async ({ lab }) => {
    const { username, password } = await readSecret(lab, "postgres/admin");
    const { host, port } = lab.postgres;
    const login = { host, port, user: username, password, database: "postgres" };
    const open = await Promise.all(
      Array.from({ length: count }, async () => {
        const client = new Client(login);
        await client.connect();
        return client;
      }),
    );
    return () => Promise.all(open.map((client) => client.end()));
  };

async function newService({ deployment }: Stage, newcomer: LabService): Promise<() => Promise<unknown>> {
  await deployment.add({ ...newcomer, existing: ["secret", "database"] });
  return () => deployment.remove(newcomer.name);
}
