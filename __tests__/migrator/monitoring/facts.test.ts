/** The facts, looked up on a real PostgreSQL and small servers, and what postgres_exporter would read of them. */
import * as fs from "node:fs";
import * as http from "node:http";
import * as path from "node:path";
import { Client } from "pg";
import { exporterQueries } from "../../../constructs/monitoring/queries";
import { makeRecords } from "../../../migrator/backups/record";
import { begin as beginAttempt } from "../../../migrator/ledger/ledger";
import type { FactsConfig } from "../../../migrator/monitoring/config";
import { look, Said } from "../../../migrator/monitoring/facts";
import { Cleanup, Database } from "../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

/** A server that answers by path, on loopback or a socket. */
async function answering(at: string | 0, answers: ReadonlyMap<string, unknown>): Promise<string> {
  const server = http.createServer(({ url }, response) => {
    const body = answers.get(url!.split("?")[0]!);
    response.statusCode = body === undefined ? 404 : 200;
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) =>
    at === 0 ? server.listen(0, "127.0.0.1", resolve) : server.listen(at, resolve),
  );
  cleanup.add(() => new Promise((resolve) => server.close(resolve)));
  return at === 0 ? `http://127.0.0.1:${(server.address() as { port: number }).port}` : at;
}

/** A client of the server's admin, in a database. */
async function admin(server: Database["server"], database: string): Promise<Client> {
  const client = new Client({ ...server, database });
  await client.connect();
  cleanup.add(() => client.end());
  return client;
}

/** The monitoring's role with its database, as Terraform makes them, and one service's database. */
async function stage() {
  const own = await Database.create(cleanup);
  const service = await Database.create(cleanup);
  const postgres = await admin(own.server, "postgres");
  await postgres.query(`GRANT pg_monitor TO ${own.name}`);
  await postgres.query(`REVOKE ALL ON DATABASE ${service.name} FROM PUBLIC`);
  await postgres.query(`GRANT CONNECT ON DATABASE ${service.name} TO pg_monitor`);
  const nomad = new Map<string, unknown>([
    ["/v1/job/app", { TaskGroups: [{ Meta: { pgmoor_phase: "cutover" } }] }],
    ["/v1/job/app/allocations", [{ ClientStatus: "complete" }, { ClientStatus: "running" }]],
  ]);
  const consul = new Map<string, unknown>([
    ["/v1/health/service/app", [{ Checks: [{ Status: "passing" }] }]],
  ]);
  const vault = new Map<string, unknown>([
    [
      "/v1/secret/metadata/postgres/app",
      {
        data: {
          current_version: 2,
          versions: {
            1: { created_time: "2026-01-01T00:00:00Z" },
            2: { created_time: "2026-02-01T00:00:00Z" },
          },
        },
      },
    ],
  ]);
  const secrets = cleanup.folder();
  for (const token of ["nomad_token", "vault_token"]) fs.writeFileSync(path.join(secrets, token), "a token");
  await answering(path.join(secrets, "api.sock"), nomad);
  const config: FactsConfig = {
    consul: await answering(0, consul),
    vault: { address: await answering(0, vault), mount: "secret" },
    phaseMeta: "pgmoor_phase",
    backups: false,
    disk: "/",
    everySeconds: 30,
    services: [
      {
        name: "app",
        job: "app",
        namespace: "default",
        group: 0,
        health: "app",
        database: service.name,
        secret: "postgres/app",
        phase: "cutover",
      },
    ],
  };
  const lines: string[] = [];
  const said = new Said((line) => void lines.push(line));
  const { host, port } = own.server;
  const server = {
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: own.name,
    PGPASSWORD: own.password,
    PGDATABASE: own.name,
    PGSSLMODE: "disable",
  };
  const watching = { config, server, secrets, log: () => undefined, stop: new AbortController().signal };
  /** A metric, as postgres_exporter asks for it. */
  const metric = async (name: string, database = own.name) => {
    const client = new Client({
      host,
      port,
      user: own.name,
      password: own.password,
      database,
      options: "-c search_path=pg_catalog",
    });
    await client.connect();
    try {
      const { rows } = await client.query<Record<string, unknown>>(exporterQueries(false)[name]!.query);
      return rows;
    } finally {
      await client.end();
    }
  };
  return { own, service, postgres, nomad, consul, vault, lines, metric, look: () => look(watching, said) };
}

test("a service that runs, its phase, its password and the disk", async () => {
  const { service, look, metric, lines } = await stage();
  await look();
  expect(lines).toEqual([]);
  expect(await metric("pgmoor_service")).toEqual([
    { service: "app", database: service.name, phase: "cutover", deployed: "cutover", up: 1 },
  ]);
  expect(await metric("pgmoor_password")).toEqual([
    { service: "app", changed_timestamp_seconds: Date.UTC(2026, 1, 1) / 1000 },
  ]);
  const { bsize, blocks } = fs.statfsSync("/");
  expect(await metric("pgmoor_disk")).toMatchObject([{ bytes: String(blocks * bsize) }]);
  expect(await metric("pgmoor_ledger")).toEqual([]);
  expect(await metric("pgmoor_backup")).toEqual([]);
});

test("every query of the exporter runs, by the monitoring's role, in its database and in a service's", async () => {
  const { service, look, metric } = await stage();
  await look();
  for (const [name, { master, metrics }] of Object.entries(exporterQueries(false))) {
    for (const row of await metric(name))
      expect(Object.keys(row)).toEqual(metrics.flatMap((column) => Object.keys(column)));
    if (!master) await metric(name, service.name);
  }
});

test("a service is down: no allocation, a critical check, no job", async () => {
  const { nomad, consul, look, metric } = await stage();
  const up = async () => {
    await look();
    return (await metric("pgmoor_service"))[0]!.up;
  };
  expect(await up()).toBe(1);
  consul.set("/v1/health/service/app", [{ Checks: [{ Status: "passing" }, { Status: "critical" }] }]);
  expect(await up()).toBe(0);
  consul.set("/v1/health/service/app", []);
  expect(await up()).toBe(1);
  nomad.set("/v1/job/app/allocations", [{ ClientStatus: "failed" }]);
  expect(await up()).toBe(0);
  nomad.delete("/v1/job/app");
  expect(await up()).toBe(0);
});

test("the ledger is read by the monitoring's role, and no row of the app's", async () => {
  const { own, service, look, metric } = await stage();
  await service.client.query("CREATE TABLE private (secret text)");
  await beginAttempt(service.client, { number: 1, service: "app", allocation: undefined });
  await service.client.query(
    "UPDATE pgmoor.ledger SET state = 'confirmed', confirmed_at = '2026-03-01T00:00:00Z', rows = 12",
  );
  await look();
  expect(await metric("pgmoor_ledger")).toEqual([
    { service: "app", state: "confirmed", attempt: 1, rows: 12 },
  ]);
  expect(await metric("pgmoor_move")).toEqual([
    { service: "app", phase: "cutover", confirmed_timestamp_seconds: Date.UTC(2026, 2, 1) / 1000 },
  ]);
  const { host, port } = own.server;
  const client = new Client({ host, port, user: own.name, password: own.password, database: service.name });
  await client.connect();
  await expect(client.query("SELECT FROM private")).rejects.toThrow("permission denied");
  await client.end();
});

test("a view in the ledger's place is not read: it would run its owner's code", async () => {
  const { own, service, look, metric } = await stage();
  await service.client.query(`
    CREATE SCHEMA pgmoor;
    CREATE FUNCTION pgmoor.trap() RETURNS text LANGUAGE plpgsql AS $$ BEGIN
      RAISE EXCEPTION 'ran as %', current_user; END $$;
    CREATE VIEW pgmoor.ledger AS SELECT 1 AS attempt, pgmoor.trap() AS state, 1 AS rows, now() AS confirmed_at;
    GRANT USAGE ON SCHEMA pgmoor TO pg_monitor;
    GRANT SELECT ON pgmoor.ledger TO pg_monitor`);
  await look();
  expect(await metric("pgmoor_ledger")).toEqual([]);
  expect(own.name).not.toBe(service.name);
});

test("what cannot be told is counted, said once, and hides nothing else", async () => {
  const { service, vault, lines, look, metric } = await stage();
  vault.set("/v1/secret/metadata/postgres/app", { data: "not what Vault says" });
  await service.client.query("CREATE SCHEMA pgmoor; CREATE TABLE pgmoor.ledger (attempt int)");
  await look();
  await look();
  expect(lines).toEqual([
    expect.stringMatching(/^the ledger of app: cannot be asked: permission denied for schema pgmoor/),
    expect.stringMatching(/^Vault, of app: cannot be asked: /),
  ]);
  expect(await metric("pgmoor_facts")).toMatchObject([{ unknown: 2 }]);
  expect(await metric("pgmoor_service")).toMatchObject([{ up: 1 }]);
  expect(await metric("pgmoor_password")).toEqual([]);
});

test("the record of the backups is for those who watch", async () => {
  const { own } = await stage();
  const database = await Database.create(cleanup);
  const client = await admin(own.server, database.name);
  await makeRecords(client);
  const { rows } = await client.query<{ may: boolean }>(
    "SELECT has_table_privilege($1, 'pgmoor.backups', 'SELECT') AND has_table_privilege($1, 'pgmoor.wal', 'SELECT') AS may",
    [own.name],
  );
  expect(rows).toEqual([{ may: true }]);
});
