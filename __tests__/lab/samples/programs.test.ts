import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import Libsql from "libsql";
import { Client } from "pg";
import { buildSamples } from "../../../lab/samples/build";
import { extensions } from "../../../lab/samples/immich/schema";
import { seedVaultwarden } from "../../../lab/samples/seed";
import { ApiError, call } from "../../../lab/servers/api";
import { type RunningProcess, startProcess } from "../../../lab/servers/process";
import { freePorts } from "../../../lab/servers/wait";
import type { TestServer } from "../../support/global-setup";

const server = JSON.parse(process.env.PGMOOR_TEST_PG!) as TestServer;
const dump = path.join(__dirname, "../../../../shared/samples/vaultwarden/postgres-empty.sql");

let folder: string;
let files: Awaited<ReturnType<typeof buildSamples>>;
let running: RunningProcess[] = [];
let databases: string[] = [];

beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), "pgmoor-samples-"));
  files = await buildSamples(folder);
});

afterEach(async () => {
  await Promise.all(running.map((process) => process.stop()));
  for (const name of databases) await admin(`DROP DATABASE ${name} WITH (FORCE)`);
  [running, databases] = [[], []];
});

afterAll(() => fs.rm(folder, { recursive: true, force: true }));

test("vaultwarden on SQLite reads the log, adds to it, and leaves it unmerged when it ends", async () => {
  const data = await fs.mkdtemp(path.join(folder, "data-"));
  const file = await seedVaultwarden(data);
  const before = await fs.readFile(file);
  const { address, process } = await startVaultwarden(file);
  expect(await call(`${address}/backend`)).toEqual({ backend: "sqlite", items: 300 });
  const { uuid } = await call<{ uuid: string }>(`${address}/items`, { method: "POST" });
  await process.stop();

  expect((await fs.readFile(file)).equals(before)).toBe(true);
  const database = new Libsql(file);
  expect(database.prepare("SELECT name FROM ciphers WHERE uuid = ?").all(uuid)).toHaveLength(1);
  database.close();
});

test("vaultwarden makes its schema in an empty PostgreSQL database, once", async () => {
  const url = await newDatabase();
  const first = await startVaultwarden(url);
  await call(`${first.address}/items`, { method: "POST" });
  await first.process.stop();
  const second = await startVaultwarden(url);
  expect(await call(`${second.address}/backend`)).toEqual({ backend: "postgresql", items: 1 });
});

test("vaultwarden is unhealthy on PostgreSQL for as long as the lab's fault lasts", async () => {
  const fault = path.join(folder, "fault");
  await fs.writeFile(fault, "");
  const env = { PGMOOR_LAB_FAULT: "unhealthy-on-postgresql", PGMOOR_LAB_FAULT_FILE: fault };
  const { address } = await startVaultwarden(await newDatabase(), env, "/backend");
  await expect(call(`${address}/alive`)).rejects.toThrow(/503 .*as the lab asked for/);
  await fs.rm(fault);
  await call(`${address}/alive`);
});

test("vaultwarden takes the real program's schema where a file holds it", async () => {
  const there = await fs.access(dump).then(
    () => true,
    () => false,
  );
  if (!there) return console.log("skipped: no ../shared/samples beside this project");
  const url = await newDatabase();
  const { address } = await startVaultwarden(url, { PGMOOR_LAB_SCHEMA_SQL: dump });
  await call(`${address}/items`, { method: "POST" });
  const found = await query(
    url,
    "SELECT (SELECT count(*) FROM __diesel_schema_migrations) AS migrations, count(*) AS items FROM ciphers",
  );
  expect(found).toEqual([{ migrations: "46", items: "1" }]);
});

test("vaultwarden is not alive without its database", async () => {
  const url = await newDatabase();
  const { address } = await startVaultwarden(url);
  await admin(`ALTER DATABASE ${databases[0]} WITH ALLOW_CONNECTIONS false`);
  await admin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${databases[0]}'`);
  await expect(call(`${address}/alive`)).rejects.toThrow(ApiError);
});

test("speedtest-tracker migrates by a command of its own, then serves from PostgreSQL", async () => {
  const url = new URL(await newDatabase());
  const env = {
    APP_KEY: "base64:lab",
    DB_CONNECTION: "pgsql",
    DB_HOST: url.hostname,
    DB_PORT: url.port,
    DB_DATABASE: url.pathname.slice(1),
    DB_USERNAME: url.username,
    DB_PASSWORD: url.password,
  };
  await migrateSpeedtest(env);
  expect(await query(url.href, "SELECT count(*) AS n FROM migrations")).toEqual([{ n: "2" }]);
  const { address } = await start("speedtest-tracker", "PORT", env, "/admin/login");
  expect(await call(`${address}/results`, { method: "POST" })).toEqual({ id: 1 });
  expect(await call(`${address}/backend`)).toEqual({ backend: "postgresql", items: 1 });
});

test("speedtest-tracker serves from SQLite and makes its schema there", async () => {
  const env = {
    APP_KEY: "base64:lab",
    DB_CONNECTION: "sqlite",
    DB_DATABASE: path.join(folder, "new.sqlite"),
  };
  const { address } = await start("speedtest-tracker", "PORT", env, "/admin/login");
  await call(`${address}/results`, { method: "POST" });
  expect(await call(`${address}/backend`)).toEqual({ backend: "sqlite", items: 1 });
});

test("immich waits for its server, makes its schema there, and says which server it is", async () => {
  const url = new URL(await newDatabase());
  const database = url.pathname.slice(1);
  await query(url.href, extensions.map((name) => `CREATE EXTENSION "${name}"`).join("; "));
  await admin(`ALTER DATABASE ${database} WITH ALLOW_CONNECTIONS false`);
  const env = {
    DB_HOSTNAME: url.hostname,
    DB_PORT: url.port,
    DB_DATABASE_NAME: database,
    DB_USERNAME: url.username,
    DB_PASSWORD: url.password,
  };
  const starting = start("immich", "IMMICH_PORT", env, "/api/server/ping");
  await admin(`ALTER DATABASE ${database} WITH ALLOW_CONNECTIONS true`);
  const { address } = await starting;
  await call(`${address}/assets`, { method: "POST" });
  expect(await call(`${address}/backend`)).toEqual({ backend: "postgresql 16", items: 1 });
});

function startVaultwarden(url: string, env: Record<string, string> = {}, health = "/alive") {
  return start("vaultwarden", "ROCKET_PORT", { DATABASE_URL: url, ...env }, health);
}

async function start(name: keyof typeof files, port: string, env: Record<string, string>, health: string) {
  const [free] = await freePorts(1);
  const address = `http://127.0.0.1:${free}`;
  const started = await startProcess({
    name,
    program: process.execPath,
    args: [files[name]],
    env: { ...env, [port]: String(free) },
    cwd: folder,
    log: path.join(folder, `${name}-${free}.log`),
    ready: () => call(`${address}${health}`).then(() => true),
  });
  running.push(started);
  return { address, process: started };
}

async function migrateSpeedtest(env: Record<string, string>): Promise<void> {
  const { stdout } = await promisify(execFile)(process.execPath, [files["speedtest-tracker"], "migrate"], {
    env,
  });
  expect(stdout).toMatch(/create_results_table DONE/);
}

async function newDatabase(): Promise<string> {
  const name = `sample_${randomBytes(4).toString("hex")}`;
  await admin(`CREATE DATABASE ${name}`);
  databases.push(name);
  const password = encodeURIComponent(server.password);
  return `postgresql://${server.user}:${password}@${server.host}:${server.port}/${name}`;
}

function admin(sql: string): Promise<unknown[]> {
  return query({ ...server, database: "postgres" }, sql);
}

async function query(to: string | ConstructorParameters<typeof Client>[0], sql: string): Promise<unknown[]> {
  const client = new Client(to);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
