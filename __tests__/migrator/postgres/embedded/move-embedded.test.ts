import { createHash, randomInt } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { pgvectorPrograms } from "../../../../lab/servers/pgvector";
import type { TestServer } from "../../../support/global-setup";
import { Cleanup, Database, eventually, report } from "../../support";
import { extensions, neighbours, photos, rowsOf } from "../photos";
import {
  contentOf,
  EmbeddedService,
  makeSource,
  programsOrReason,
  query,
  sourceDatabase,
  startServer,
  testIf,
  type Source,
} from "../support";

const thorough = process.env.PGMOOR_THOROUGH !== undefined;
const count = thorough ? 100_000 : 400;

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(thorough ? 600_000 : 60_000);

let programs: string | undefined;
let server: TestServer;
let source: Source;
let expected: Awaited<ReturnType<typeof contentOf>>;
let nearest: unknown[];

beforeAll(async () => {
  programs = await programsOrReason();
  if (programs === undefined) return;
  [server, source] = await Promise.all([
    startServer(cleanup, programs),
    makeSource(cleanup, programs, [extensions, photos(count)], async (client) => {
      expected = await contentOf(client);
      nearest = await client.query(neighbours(3));
    }),
  ]);
});

const ifPrograms = testIf(() => programs);

async function newService(made = extensions): Promise<EmbeddedService> {
  const database = await Database.create(cleanup, server);
  if (made !== "") await query(server, database.name, made);
  return new EmbeddedService(cleanup, programs!, database, source);
}

/** Names, hashes and times of everything in a folder. */
const state = (folder: string) =>
  fs
    .readdirSync(folder, { recursive: true })
    .map(String)
    .sort()
    .map((name) => {
      const file = path.join(folder, name);
      const found = fs.statSync(file);
      const hash = found.isFile() ? createHash("sha256").update(fs.readFileSync(file)).digest("hex") : "";
      return [name, hash, found.mtimeMs, found.ctimeMs, found.uid];
    });

ifPrograms(
  "every row, vector, index, key, sequence and setting arrives, proved; the original is untouched",
  async () => {
    const service = await newService();
    const original = state(service.data);
    const outcome = await service.migrate();
    expect(outcome.stderr).toBe("");
    expect([outcome.code, outcome.source.code]).toEqual([0, 0]);
    expect(report(outcome)).toMatchObject({
      outcome: "verified",
      attempt: 1,
      rows: rowsOf(count),
      tables: 8,
    });
    expect(outcome.stdout).toMatch(
      new RegExp(`^public\\.asset: ${count.toLocaleString("en-US")} rows, .* copied in `, "m"),
    );
    expect(state(service.data)).toEqual(original);
    const { database } = service;
    expect(await contentOf(database)).toEqual(expected);
    expect(await database.query(neighbours(3))).toEqual(nearest);
    expect(await database.query("SELECT indexdef FROM pg_indexes WHERE indexname = 'clip_index'")).toEqual([
      { indexdef: expect.stringContaining("USING hnsw (embedding vector_cosine_ops) WITH (m='8'") as string },
    ]);
    expect(await database.query("SELECT nextval('album_number')::int AS next")).toEqual([{ next: 45 }]);
    // What the app's sessions are set to, and what its index and its trigger find by that alone.
    expect(
      await database.query(
        "SELECT unnest(setconfig) AS set FROM pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1",
      ),
    ).toEqual([{ set: "TimeZone=Europe/Berlin" }, { set: 'search_path="$user", public, "Odd schema"' }]);
    await database.query("UPDATE asset SET title = 'NEW' WHERE id = md5('asset7')::uuid");
    expect(await database.query("SELECT title FROM asset WHERE searched(title) = 'new.'")).toEqual([
      { title: "new" },
    ]);
    await expect(
      database.query(
        "DELETE FROM kysely_migrations; INSERT INTO smart_search VALUES (gen_random_uuid(), NULL)",
      ),
    ).rejects.toThrow(/null value/);
    // All is the role's own.
    expect(
      await database.query(
        "SELECT DISTINCT tableowner AS owner FROM pg_tables WHERE schemaname IN ('public', 'Odd schema')",
      ),
    ).toEqual([{ owner: database.name }]);
    expect(await service.ledger()).toEqual([{ attempt: 1, state: "copied", rescued: null }]);
    for (const text of [outcome.stdout, outcome.source.stdout]) {
      expect(text).not.toContain(database.password);
      expect(text).not.toContain(source.password);
    }
    // The scratch copy is gone, the snapshot is the original's bytes.
    expect(fs.readdirSync(service.allocation)).toEqual(["pgmoor"]);
    const [folder] = fs.readdirSync(service.snapshots);
    const copy = path.join(service.snapshots, folder!, "data");
    const bytes = (all: ReturnType<typeof state>) => all.map(([name, hash]) => [name, hash]);
    expect(bytes(state(copy))).toEqual(bytes(original));
  },
);

describe("nothing is changed when", () => {
  /** Runs both tasks, which must be refused; answers the message. */
  async function refusal(service: EmbeddedService): Promise<string> {
    const before = await service.relations();
    const outcome = await service.migrate();
    expect(outcome.code).toBe(2);
    expect(outcome.source.code).not.toBe(0);
    expect(outcome.stderr).toContain("refused, nothing changed");
    expect(await service.relations()).toEqual(before);
    return outcome.stderr;
  }

  ifPrograms("the target lacks an extension: refused with its name and what is made with it", async () => {
    const said = await refusal(await newService(""));
    expect(said).toContain("the target lacks the extension vector");
    expect(said).toContain("depends on it for column embedding of table smart_search, index clip_index.");
  });

  ifPrograms("the source's server is in use", async () => {
    const service = await newService();
    const stop = await service.startEmbedded();
    expect(await refusal(service)).toMatch(/data contains postmaster\.pid: a server is running there/);
    await stop();
    expect((await service.migrate()).code).toBe(0);
  });

  ifPrograms("the client programs are not of the server's version, or are not there", async () => {
    const service = await newService();
    service.clients = await pgvectorPrograms(18);
    expect(await refusal(service)).toContain("pg_dump is version 18, but the server runs PostgreSQL 16");
    expect(await refusal(service)).toContain("--build-arg POSTGRES_MAJOR=16");
  });

  ifPrograms("the source is newer than the server", async () => {
    const service = await newService();
    fs.writeFileSync(path.join(service.data, "PG_VERSION"), "18\n");
    expect(await refusal(service)).toContain("the source runs PostgreSQL 18 and the central server 16");
  });

  ifPrograms("somebody else's tables are in the target", async () => {
    const service = await newService();
    await service.database.query("CREATE TABLE asset (mine text); INSERT INTO asset VALUES ('x')");
    expect(await refusal(service)).toContain("pgmoor did not write them");
  });
});

ifPrograms("the server does not start on the copy: failed at once, and its log is named", async () => {
  const service = await newService();
  fs.writeFileSync(path.join(service.data, "postgresql.conf"), "shared_buffers = nonsense\n");
  const outcome = await service.migrate();
  expect(outcome.code).toBe(1);
  expect(outcome.stderr).toContain(
    "failed, nothing changed: the embedded server did not start on the copy of its data",
  );
  expect(outcome.source.stderr).toContain("shared_buffers");
});

ifPrograms("a job that went back: what the app wrote is kept, and the copy is made anew", async () => {
  const service = await newService();
  expect((await service.migrate()).code).toBe(0);
  const { database } = service;
  await database.query(
    "CREATE TABLE later (n int); CREATE TYPE mood AS ENUM ('good'); INSERT INTO users VALUES (gen_random_uuid(), 'new@example.org')",
  );
  // The old job's server has worked on the source meanwhile.
  const stop = await service.startEmbedded();
  await query(
    service.embedded!,
    sourceDatabase,
    "INSERT INTO users VALUES (gen_random_uuid(), 'old@example.org')",
  );
  await stop();
  const outcome = await service.migrate();
  expect([outcome.stderr, outcome.code]).toEqual(["", 0]);
  expect(report(outcome)).toMatchObject({ attempt: 2, rows: rowsOf(count) + 1 });
  expect(await database.query("SELECT email FROM users WHERE email NOT LIKE 'user%'")).toEqual([
    { email: "old@example.org" },
  ]);
  expect(await database.query("SELECT to_regclass('later') AS later, to_regtype('mood') AS mood")).toEqual([
    { later: null, mood: null },
  ]);
  const [first] = await service.ledger();
  expect(first).toMatchObject({
    state: "rolled-back",
    rescued: expect.stringContaining("rescued-attempt-1") as string,
  });
  expect(fs.readdirSync(first!.rescued!)).toContain("public.users.csv.gz");
  // A restart of the job finds it done, also when the embedded server has worked since: that is no outage.
  await database.query("UPDATE pgmoor.ledger SET state = 'confirmed' WHERE attempt = 2");
  expect(report(await service.migrate())).toMatchObject({ outcome: "skipped" });
  await (
    await service.startEmbedded()
  )();
  expect(report(await service.migrate())).toMatchObject({ outcome: "skipped" });
});

ifPrograms("killed in the middle: nothing of it is there, and the next run ends verified", async () => {
  const service = await newService();
  const kills = thorough ? 20 : 2;
  for (let kill = 0; kill < kills; kill++) {
    const { migrate, source: server } = await service.start();
    let said = "";
    migrate.child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
    // The first in the rows, the second in the indexes, further ones anywhere.
    const mark = ["asset: ", "creating indexes", "snapshot of"][Math.min(kill, 2)]!;
    await eventually(() => (said.includes(mark) ? true : undefined), 120);
    const moment = performance.now() + (kill < 2 ? 0 : randomInt(0, 3000));
    await eventually(() => (performance.now() >= moment ? true : undefined));
    migrate.child.kill("SIGKILL");
    await migrate.done;
    // As Nomad does with the tasks of an allocation that has failed.
    server.child.kill("SIGTERM");
    await server.done;
    const last = (await service.ledger()).at(-1);
    if (kill < 2) expect(last?.state).toBe("started");
    if (last?.state === "started") expect(await service.relations()).toEqual([]);
    else await service.database.query("UPDATE pgmoor.ledger SET state = 'rolled-back'");
  }
  const outcome = await service.migrate();
  expect([outcome.stderr, outcome.code]).toEqual(["", 0]);
  expect(await contentOf(service.database)).toEqual(expected);
});

ifPrograms("a server of a later version takes it", async () => {
  if (!thorough) return console.log("skipped without PGMOOR_THOROUGH=1: PostgreSQL 16 to 18");
  const later = await pgvectorPrograms(18);
  const database = await Database.create(cleanup, await startServer(cleanup, later));
  await query(database.server, database.name, extensions);
  const service = new EmbeddedService(cleanup, programs!, database, source);
  service.clients = later;
  expect((await service.migrate()).stderr).toContain("ALTER FUNCTION public.searched(text) SET search_path");
  const stop = await service.startEmbedded();
  await query(service.embedded!, sourceDatabase, "ALTER FUNCTION searched SET search_path = public");
  await stop();
  const outcome = await service.migrate();
  expect([outcome.stderr, outcome.code]).toEqual(["", 0]);
  expect(await contentOf(database)).toEqual(expected);
  expect(await database.query(neighbours(3))).toEqual(nearest);
});
