/** What `status` tells, on a real PostgreSQL, held against other queries. */
import { Client } from "pg";
import { statusText } from "../../status/text";
import { isWell } from "../../status/up";
import { ask, testServer } from "../lab/providers/support/test-postgres";
import { attempted } from "./ledger";
import { asRole, name, Stage } from "./stage";

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
  stage.job();
  stage.health("vaultwarden", "passing");
});
afterEach(() => stage.close());

test("a service that runs: its job, database, tables, ledger and password", async () => {
  await asRole("CREATE TABLE ciphers (id int PRIMARY KEY, data text)");
  await asRole("CREATE TABLE users (id int)");
  await asRole("INSERT INTO ciphers SELECT i, repeat('x', 900) FROM generate_series(1, 2000) AS i");
  await asRole("ANALYZE");
  await attempted({ state: "confirmed", rows: 2161, confirmed: "2026-11-20T20:00:00Z" });

  const status = await stage.status();
  const [service] = status.services;

  expect(isWell(status)).toBe(true);
  expect(status.servers.map(({ trouble }) => trouble)).toEqual([null, null, null, null]);
  expect(service).toMatchObject({
    up: true,
    phase: { declared: "cutover", real: "cutover" },
    job: { status: "running", running: 1, wanted: 1, version: 3, deployment: { status: "successful" } },
    health: { status: "passing" },
    ledger: {
      attempt: 1,
      state: "confirmed",
      rows: 2161,
      confirmed: "2026-11-20T20:00:00.000Z",
      sourceChanged: null,
    },
    password: { version: 1, vaultVersion: 1, days: 0, deleted: false, works: true },
  });
  // Sizes as the document's own monitoring asks for them.
  const [sizes] = await ask<{ bytes: string }>(
    `SELECT pg_database_size(datname) AS bytes FROM pg_database WHERE datname = '${name}'`,
  );
  const tables = await ask<{ tablename: string; bytes: string }>(
    `SELECT tablename, pg_total_relation_size(schemaname||'.'||tablename) AS bytes FROM pg_tables
      WHERE schemaname = 'public' ORDER BY pg_total_relation_size(schemaname||'.'||tablename) DESC LIMIT 10`,
    { database: name },
  );
  expect(service!.database).toMatchObject({ name, bytes: Number(sizes!.bytes), connections: { limit: 20 } });
  expect(service!.tables).toMatchObject({
    tables: 2,
    rows: 2000,
    deadRows: 0,
    largest: tables.map(({ tablename, bytes }) => ({ table: tablename, bytes: Number(bytes) })),
  });
  const { cacheHits } = service!.database as { cacheHits: number };
  expect(cacheHits).toBeGreaterThan(0);
  expect(cacheHits).toBeLessThanOrEqual(1);
});

test("sessions of the role, and of the server", async () => {
  const { host, port } = testServer();
  const sessions = [1, 2, 3].map(
    () => new Client({ host, port, user: name, password: "the role's own", database: name }),
  );
  try {
    await Promise.all(sessions.map((session) => session.connect()));
    const { services, connections } = await stage.status();
    expect(services[0]!.database).toMatchObject({ connections: { open: 3, limit: 20 } });
    const [{ max }] = (await ask<{ max: number }>(
      "SELECT current_setting('max_connections')::int AS max",
    )) as [{ max: number }];
    expect(connections).toMatchObject({ limit: max });
    expect((connections as { open: number }).open).toBeGreaterThanOrEqual(4);
  } finally {
    await Promise.all(sessions.map((session) => session.end()));
  }
});

test("dead rows, once PostgreSQL has counted them", async () => {
  await asRole("CREATE TABLE t (id int) WITH (autovacuum_enabled = off)");
  await asRole("INSERT INTO t SELECT generate_series(1, 100)");
  await asRole("DELETE FROM t WHERE id <= 40");
  await asRole("ANALYZE t");
  expect((await stage.service()).tables).toMatchObject({ rows: 60, deadRows: 40 });
});

test("no connection is left for us: the rest is told", async () => {
  await ask(`ALTER ROLE ${name} CONNECTION LIMIT 0`);
  const service = await stage.service();
  expect(service.tables).toEqual({ unknown: `too many connections for role "${name}"` });
  expect(service.database).toMatchObject({ name, connections: { open: 0, limit: 0 } });
  expect(service.password).toMatchObject({ works: null });
});

test("a table that is locked: the sizes are not waited for, the rest is told", async () => {
  await asRole("CREATE TABLE t (id int)");
  const { host, port } = testServer();
  const holder = new Client({ host, port, user: name, password: "the role's own", database: name });
  await holder.connect();
  try {
    await holder.query("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE");
    const status = await stage.status();
    expect(status.services[0]!.tables).toMatchObject({ tables: 1, largest: null });
    expect(statusText(status)).toContain("one is locked");
  } finally {
    await holder.end();
  }
});

test("a service that was never deployed is not down", async () => {
  stage.nomadAnswers.delete("/v1/job/vaultwarden");
  stage.consulAnswers.delete("/v1/health/service/vaultwarden");
  stage.vault.secrets.delete(`postgres/${name}`);
  await ask(`DROP DATABASE ${name}`);
  const status = await stage.status({ existing: [] });
  expect(status.services[0]).toMatchObject({
    up: null,
    job: null,
    database: null,
    tables: null,
    ledger: null,
    password: null,
    next: [{ what: "deploy", how: "not deployed yet. Run npx cdktf deploy vaultwarden" }],
  });
  expect(isWell(status)).toBe(true);
});

test("a retired one is not asked", async () => {
  const status = await stage.status({ phase: "retired" });
  expect(status).toMatchObject({ services: [], retired: ["vaultwarden"] });
  expect(statusText(status)).toContain("retired, not asked: vaultwarden");
});

test("no secret is in what it says", async () => {
  const { password } = testServer();
  const status = await stage.status();
  for (const text of [JSON.stringify(status), statusText(status)])
    for (const secret of [password, "the role's own", stage.vault.rootToken])
      expect(text).not.toContain(secret);
});

test("a job with another group: only the service's allocations count", async () => {
  stage.job({ others: 2 });
  expect(await stage.service()).toMatchObject({ up: true, job: { running: 1, wanted: 1 } });
  stage.job({ others: 2, running: 0 });
  expect(await stage.service()).toMatchObject({ up: false, job: { running: 0, wanted: 1 } });
});
