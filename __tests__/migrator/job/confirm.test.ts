import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Client } from "pg";
import { countUses } from "../../../migrator/ledger/table-uses";
import { isWork, otherSessions } from "../../../migrator/server/sessions";
import { Cleanup, Database, eventually, report, Service, writeSqlite } from "../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(30_000);

const schema =
  "CREATE TABLE IF NOT EXISTS app_migrations (version text); CREATE TABLE IF NOT EXISTS items (id integer PRIMARY KEY, name text);";

/** An app's health URL on a port of its own; `status` may be changed while it runs. */
async function healthServer(status: number) {
  const state = { status };
  const server = createServer((_, response) => response.writeHead(state.status).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanup.add(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/alive`, state };
}

let copied: Service;
beforeAll(async () => {
  copied = new Service(cleanup, await Database.create(cleanup), schema);
  writeSqlite(
    copied.source,
    "CREATE TABLE app_migrations (version TEXT); CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO items VALUES (1, 'a'), (2, 'b')",
  );
  await copied.migrated();
});

/** A service as it is right after its copy, with its app's health URL. */
async function copiedService(confirmSeconds: number, status = 200) {
  const health = await healthServer(status);
  copied.configure({ health: health.url, deadlines: { migrateSeconds: 30, confirmSeconds } });
  await copied.setState("copied");
  const uses = JSON.stringify(await countUses(copied.database.client));
  await copied.database.query("UPDATE pgmoor.ledger SET uses = $1, allocation = 'alloc-1'", [uses]);
  return { service: copied, health };
}

const sessions: Client[] = [];
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.end();
  // Until the server has forgotten them, with all that they have to report.
  await eventually(async () =>
    (await otherSessions(copied.database.client)).length === 0 ? true : undefined,
  );
});

/** A session of the app's, as its pool would open it. */
async function appSession({ database }: Service): Promise<Client> {
  const client = new Client({
    host: database.server.host,
    port: database.server.port,
    user: database.name,
    password: database.password,
    database: database.name,
    application_name: "app",
  });
  await client.connect();
  client.on("error", () => undefined);
  sessions.push(client);
  return client;
}

/** What the app does; its session reports it at once instead of within the ten seconds that PostgreSQL allows itself. */
async function use(app: Client, sql: string): Promise<void> {
  await app.query(sql);
  await app.query("SELECT pg_stat_force_next_flush()");
}

test("an app that answers and reads one of its tables is confirmed", async () => {
  const { service } = await copiedService(20);
  const app = await appSession(service);
  const { done } = await service.startMigrator("confirm");
  await use(app, "SELECT * FROM items WHERE id = 1");
  const outcome = await done;
  expect(outcome.stderr).toBe("");
  expect(report(outcome)).toMatchObject({
    pgmoor: "confirm",
    service: "app",
    attempt: 1,
    outcome: "confirmed",
    tablesUsed: 1,
  });
  expect(outcome.stdout).toContain("public.items");
  expect(await service.ledger()).toMatchObject([{ state: "confirmed" }]);
});

test("an app that looked at its migrations only, as a start does, is confirmed", async () => {
  const { service } = await copiedService(20);
  const app = await appSession(service);
  await use(app, "SELECT * FROM app_migrations");
  expect(report(await (await service.startMigrator("confirm")).done)).toMatchObject({ outcome: "confirmed" });
});

test("an app that answers 200 and ignores the server is not", async () => {
  const { service } = await copiedService(4);
  const outcome = await (await service.startMigrator("confirm")).done;
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toContain("the app answers, but it has not used the database");
  expect(await service.ledger()).toMatchObject([{ state: "copied" }]);
});

test("a session alone is no use of the database: what only looks at the catalog does not count", async () => {
  const { service } = await copiedService(1);
  const app = await appSession(service);
  await use(
    app,
    "SELECT version(); SELECT count(*) FROM information_schema.tables; SELECT count(*) FROM pgmoor.ledger",
  );
  const outcome = await (await service.startMigrator("confirm")).done;
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toContain("a session of the app's role was seen");
});

test("an app that uses the database and never answers is not", async () => {
  const { service, health } = await copiedService(2, 503);
  const app = await appSession(service);
  await use(app, "INSERT INTO items VALUES (3, 'c')");
  const { child, done } = await service.startMigrator("confirm");
  let seen = "";
  child.stdout?.on("data", (chunk: Buffer) => (seen += chunk.toString()));
  await eventually(() => (seen.includes("public.items") ? true : undefined));
  health.state.status = 302;
  const outcome = await done;
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toMatch(/does not answer 2xx at .* \(HTTP 302\), but it has used the database/);
  expect(await service.ledger()).toMatchObject([{ state: "copied" }]);
});

/** Whether the table that plans look for is there, for somebody without a right of his own. */
async function marked({ database }: Service): Promise<boolean> {
  const [found] = await database.query<{ seen: boolean | null }>(
    "SELECT has_table_privilege('pg_monitor', to_regclass('pgmoor.confirmed'), 'SELECT') AS seen",
  );
  return found!.seen === true;
}

test("a plan can see that it is confirmed, and no longer once it is rolled back", async () => {
  const { service } = await copiedService(20);
  await service.database.query("DROP TABLE IF EXISTS pgmoor.confirmed");
  const { done } = await service.startMigrator("confirm");
  await use(await appSession(service), "SELECT * FROM items");
  expect(report(await done)).toMatchObject({ outcome: "confirmed" });
  expect(await marked(service)).toBe(true);
  expect((await (await service.startMigrator("ledger", "--roll-back")).done).code).toBe(0);
  expect(await marked(service)).toBe(false);
});

test("what was confirmed once is not asked for again, and is marked if an older release did not", async () => {
  const { service } = await copiedService(1);
  await service.setState("confirmed");
  expect(report(await (await service.startMigrator("confirm")).done)).toMatchObject({ outcome: "skipped" });
  expect(await marked(service)).toBe(true);
});

test("a confirmed service's source that has changed is warned of, and stops nothing", async () => {
  const { service } = await copiedService(1);
  await service.setState("confirmed");
  const changedAt = async () =>
    (await service.database.query("SELECT source_changed_at AS at FROM pgmoor.ledger"))[0]!.at as Date | null;
  await (
    await service.startMigrator("confirm")
  ).done;
  expect(await changedAt()).toBeNull();

  const before = readFileSync(service.source);
  writeFileSync(service.source, "INSERT by somebody who takes it for the one in use");
  const outcome = await (await service.startMigrator("confirm")).done;
  expect(outcome.code).toBe(0);
  expect(outcome.stdout).toContain("WARNING: the source has changed");
  const first = await changedAt();
  expect(first).not.toBeNull();
  expect((await (await service.startMigrator("ledger")).done).stdout).toContain(
    "WARNING: its source has changed",
  );

  await (
    await service.startMigrator("confirm")
  ).done;
  expect(await changedAt()).toEqual(first);
  writeFileSync(service.source, before);
  await (
    await service.startMigrator("confirm")
  ).done;
  expect(await changedAt()).toBeNull();
});

test("without a finished copy, or with another allocation's, there is nothing to confirm", async () => {
  const { service } = await copiedService(1);
  await service.database.query("UPDATE pgmoor.ledger SET allocation = 'another'");
  expect((await (await service.startMigrator("confirm")).done).stderr).toContain(
    "copied by allocation another",
  );
  await service.setState("started");
  expect((await (await service.startMigrator("confirm")).done).stderr).toContain('is "started"');
  const fresh = new Service(cleanup, await Database.create(cleanup), schema);
  const outcome = await (await fresh.startMigrator("confirm")).done;
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toContain("the migrate task has not run");
});

test("an administrator's dump reads every table and confirms nothing", async () => {
  const { service } = await copiedService(2);
  // A session of the superuser's, in the service's database.
  const admin = new Client({ ...service.database.server, database: service.database.name });
  await admin.connect();
  const { done } = await service.startMigrator("confirm");
  await use(admin, "SELECT * FROM items");
  await admin.end();
  const outcome = await done;
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toContain(
    "another client, not the app, used public.items: no session of the app's role was seen",
  );
  expect(await service.ledger()).toMatchObject([{ state: "copied" }]);
});

test("an idle session of the role and an administrator's count(*) are no use by the app", async () => {
  const { service } = await copiedService(2);
  const idle = await appSession(service);
  await idle.query("SELECT 1");
  const admin = new Client({ ...service.database.server, database: service.database.name });
  await admin.connect();
  const { done } = await service.startMigrator("confirm");
  await use(admin, "SELECT count(*) FROM items");
  const outcome = await done;
  await admin.end();
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toContain("cannot tell who used public.items");
  expect(await service.ledger()).toMatchObject([{ state: "copied" }]);
});

test.each([
  ["", false],
  ["SET application_name = 'x'", false],
  ["SELECT 1", false],
  ["/* ping */ select 1 as one", false],
  ["SELECT version();", false],
  ["SELECT t.oid FROM pg_catalog.pg_type t", false],
  ["COMMIT", true],
  ["SELECT 1 FROM items", true],
  ["select name from items where id = $1", true],
  ["INSERT INTO items VALUES (1)", true],
])("statement %j is work: %s", (statement, expected) => {
  expect(isWork(statement)).toBe(expected);
});

test("an app that connects for each request is seen while it answers", async () => {
  const { service } = await copiedService(20);
  const { database } = service;
  const { name: user, password, server } = database;
  const app = createServer((_, response) => {
    const client = new Client({ ...server, user, password, database: user, application_name: "app" });
    void client
      .connect()
      .then(() => client.query("SELECT * FROM items"))
      .then(() => client.end())
      .then(() => response.end());
  });
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  cleanup.add(() => app.close());
  const health = `http://127.0.0.1:${(app.address() as AddressInfo).port}/`;
  service.configure({ health, deadlines: { migrateSeconds: 30, confirmSeconds: 20 } });
  const outcome = await (await service.startMigrator("confirm")).done;
  expect(report(outcome)).toMatchObject({ outcome: "confirmed", tablesUsed: 1 });
});

test("a server that hangs does not outlive the deadline", async () => {
  const { service } = await copiedService(1);
  const { done } = await service.startMigrator("confirm");
  const { pid } = await eventually(
    async () =>
      (
        await service.database.query<{ pid: number }>(
          "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'pgmoor'",
        )
      )[0],
  );
  process.kill(pid, "SIGSTOP");
  try {
    const outcome = await done;
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain("no connection to the server");
  } finally {
    process.kill(pid, "SIGCONT");
  }
});
