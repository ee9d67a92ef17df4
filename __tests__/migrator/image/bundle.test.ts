import * as fs from "node:fs";
import * as path from "node:path";
import { connect } from "../../../migrator/server/connection";
import { loginOf } from "../../../migrator/server/login";
import {
  bothEnd,
  Cleanup,
  Database,
  eventually,
  migratorBundle,
  report,
  schemaScript,
  Service,
  start,
  writeSqlite,
  type Outcome,
} from "../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(30_000);

const schema = "CREATE TABLE IF NOT EXISTS items (id integer PRIMARY KEY)";
const sqlite = "CREATE TABLE items (id INTEGER PRIMARY KEY); INSERT INTO items VALUES (1), (2)";

async function newService(overrides: Record<string, unknown> = {}): Promise<Service> {
  const service = new Service(cleanup, await Database.create(cleanup), schema, overrides);
  writeSqlite(service.source, sqlite);
  return service;
}

async function bundle(args: string[], environment: Record<string, string> = {}): Promise<Outcome> {
  return start(cleanup, process.execPath, [await migratorBundle(cleanup), ...args], environment).done;
}

test.each(["", "migrate", "confirm", "ledger"])("--help of %s says what it takes", async (task) => {
  const { code, stdout } = await bundle([...(task === "" ? [] : [task]), "--help"]);
  expect(code).toBe(0);
  for (const word of task === "" ? ["migrate", "confirm", "ledger"] : ["PGHOST", "Exit code"])
    expect(stdout).toContain(word);
});

test("a wrong config is refused with every field that is wrong", async () => {
  const file = path.join(cleanup.folder(), "config.json");
  fs.writeFileSync(
    file,
    JSON.stringify({ service: "", source: { kind: "sqlite", file: "x" }, health: "alive", extra: 1 }),
  );
  const { code, stderr } = await bundle(["confirm", "--config", file]);
  expect(code).toBe(2);
  for (const field of ["service:", "source.file:", "source.schema:", "snapshots:", "health:", "extra"])
    expect(stderr).toContain(field);
  expect((await bundle(["confirm", "--config", "/no/such/file"])).stderr).toContain("/no/such/file");
});

test("what is missing in the environment, or refused by the server, is said in a line without a stack trace", async () => {
  const service = await newService();
  const missing = await bundle(["ledger"]);
  expect(missing.code).toBe(2);
  expect(missing.stderr).toContain("PGHOST, PGUSER, PGDATABASE");
  const wrong = await bundle(["ledger"], {
    ...service.database.environment,
    PGPASSWORD: "not-the-pass-word",
  });
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toContain("password authentication failed");
  const nobody = await bundle(["ledger"], { ...service.database.environment, PGPORT: "1" });
  expect(nobody.code).toBe(1);
  expect(nobody.stderr).toContain("ECONNREFUSED");
  for (const { stderr } of [missing, wrong, nobody]) {
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).not.toContain("not-the-pass-word");
  }
});

test("a server without TLS is refused where TLS is required", async () => {
  const service = await newService();
  const outcome = await bundle(["ledger"], { ...service.database.environment, PGSSLMODE: "require" });
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toContain("does not support SSL");
});

test("an app that builds its schema by running is stopped once it is ready; nothing is left in the scratch folder", async () => {
  const service = await newService();
  const folder = cleanup.folder();
  const app = path.join(folder, "app.cjs");
  fs.writeFileSync(
    app,
    `const { Client } = require(${JSON.stringify(require.resolve("pg"))});
     const client = new Client({ ssl: false });
     require("node:http").createServer((_, response) => response.end("ok")).listen(0, "127.0.0.1", async function () {
       await client.connect();
       await client.query(${JSON.stringify(schema)});
       require("node:fs").writeFileSync(process.argv[2], String(this.address().port));
     });`,
  );
  const port = path.join(folder, "port");
  // The port is known before the job starts; here the app says it, and a go-between has it from there.
  const http = await import("node:http");
  const between = http.createServer((_, response) => {
    if (!fs.existsSync(port)) return void response.writeHead(503).end();
    http.get(`http://127.0.0.1:${fs.readFileSync(port, "utf8")}/`, (found) =>
      response.writeHead(found.statusCode ?? 500).end(),
    );
  });
  await new Promise<void>((resolve) => between.listen(0, "127.0.0.1", resolve));
  cleanup.add(() => between.close());
  const { port: own } = between.address() as { port: number };
  service.buildBy({ kind: "app", health: `http://127.0.0.1:${own}/` });
  const scratch = cleanup.folder();
  const wrapper = start(
    cleanup,
    "sh",
    [schemaScript, "20", "app", "--", process.execPath, app, port],
    service.environment(),
  );
  const args = [await migratorBundle(cleanup), "migrate", "--config", service.config];
  const outcome = await start(cleanup, process.execPath, args, {
    ...service.environment(),
    NOMAD_TASK_DIR: scratch,
  }).done;
  expect(outcome.stderr).toBe("");
  expect(report(outcome)).toMatchObject({ outcome: "verified", rows: 2 });
  expect((await wrapper.done).code).toBe(0);
  expect(fs.readdirSync(scratch)).toEqual([]);
});

test("TERM ends migrate and the schema task, and changes nothing", async () => {
  const service = await newService();
  const wrapper = start(
    cleanup,
    "sh",
    [schemaScript, "20", "app", "--", "sleep", "20"],
    service.environment(),
  );
  service.buildBy({ kind: "app", health: "http://127.0.0.1:1/" });
  const migrate = await service.startMigrator("migrate");
  let said = "";
  wrapper.child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await eventually(() => (said.includes("starting sleep") ? true : undefined));
  migrate.child.kill("SIGTERM");
  const [outcome, ended] = await bothEnd(migrate, wrapper);
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toContain("stopped by SIGTERM");
  expect(ended.code).not.toBe(0);
  expect(await service.ledger()).toMatchObject([{ state: "started" }]);
});

test("the deadline ends migrate, with words", async () => {
  const service = await newService({ deadlines: { migrateSeconds: 1, confirmSeconds: 1 } });
  const outcome = await (await service.startMigrator("migrate")).done;
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toContain("did not report within the deadline");
});

test("a second migrator on the same database stays away", async () => {
  const service = await newService();
  const other = await connect(loginOf(service.database.environment));
  try {
    // The first migrator's lock, taken by its number.
    await other.query("SELECT pg_advisory_lock(7364827104)");
    service.configure({ deadlines: { migrateSeconds: 1, confirmSeconds: 1 } });
    const outcome = await (await service.startMigrator("migrate")).done;
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain("another migrator");
    expect(await service.database.query("SELECT to_regnamespace('pgmoor') AS there")).toEqual([
      { there: null },
    ]);
  } finally {
    await other.end();
  }
});

test("a session of the app that is still there keeps the copy away", async () => {
  const service = await newService({ deadlines: { migrateSeconds: 3, confirmSeconds: 1 } });
  const { Client } = await import("pg");
  const {
    PGHOST: host,
    PGPORT: port,
    PGUSER: user,
    PGPASSWORD: password,
    PGDATABASE: database,
  } = service.database.environment;
  const app = new Client({ host, port: Number(port), user, password, database, application_name: "old app" });
  await app.connect();
  try {
    const outcome = await service.migrate();
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain("(old app)");
    expect(await service.database.query("SELECT count(*)::int AS n FROM items")).toEqual([{ n: 0 }]);
  } finally {
    await app.end();
  }
});

test("a server that is not there yet is waited for, until the deadline; a wrong password is not", async () => {
  const service = await newService({ deadlines: { migrateSeconds: 1, confirmSeconds: 1 } });
  const run = (environment: Record<string, string>) =>
    bundle(["confirm", "--config", service.config], { ...service.environment(), ...environment });
  const nobody = await run({ PGPORT: "1" });
  expect(nobody.code).toBe(1);
  expect(nobody.stdout.match(/waiting for PostgreSQL/g)).toHaveLength(1);
  expect(nobody.stderr).toContain("ECONNREFUSED");
  const wrong = await run({ PGPASSWORD: "wrong" });
  expect(wrong.stdout).not.toContain("waiting");
  expect(wrong.stderr).toContain("password authentication failed");
});
