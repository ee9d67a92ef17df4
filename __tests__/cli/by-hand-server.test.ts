import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { Client } from "pg";
import { pgvectorPrograms } from "../../lab/servers/pgvector";
import { moveByHand } from "../../migrator/moves/by-hand";
import { Refused } from "../../migrator/base/errors";
import type { MigrateReport } from "../../migrator/moves/report";
import { Run } from "../../migrator/server/run";
import { RunningSource } from "../../migrator/postgres/running/running-source";
import { loginOf } from "../../migrator/server/login";
import { extensions, neighbours, photos, rowsOf } from "../migrator/postgres/photos";
import { contentOf, programsOrReason, query, startServer, testIf } from "../migrator/postgres/support";
import { Cleanup, Database, eventually, type Outcome, report, start } from "../migrator/support";
import type { TestServer } from "../support/global-setup";
import { Program } from "./program";

/*
 * Fixed facts of these tests.
 *
 * - Source and target are two real servers with pgvector. The source's database is made once; a test that would change it gets
 *   a copy of its own.
 * - Every test has a target of its own, whose role is no superuser.
 */

const thorough = process.env.PGMOOR_THOROUGH !== undefined;
const count = thorough ? 100_000 : 400;

const cleanup = new Cleanup();
const before = { ...process.env };
afterAll(async () => {
  process.env = before;
  await cleanup.run();
});
jest.setTimeout(thorough ? 600_000 : 60_000);

let programs: string | undefined;
let program: Program;
let source: TestServer;
let server: TestServer;
let sourceVariables: Record<string, string>;
let expected: Awaited<ReturnType<typeof contentOf>>;
const sourceDatabase = "photos";

beforeAll(async () => {
  programs = await programsOrReason();
  if (programs === undefined) return;
  [program, source, server] = await Promise.all([
    Program.build(cleanup),
    startServer(cleanup, programs),
    startServer(cleanup, programs),
  ]);
  const { host, port, user, password } = source;
  sourceVariables = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSWORD: password };
  process.env.PATH = `${path.join(programs, "bin")}:${before.PATH}`;
  await query(source, "postgres", `CREATE DATABASE ${sourceDatabase}`);
  await query(source, sourceDatabase, extensions);
  await query(
    source,
    sourceDatabase,
    photos(count).replace("DATABASE postgres", `DATABASE ${sourceDatabase}`),
  );
  // What the server does by itself would look like a write of ours.
  await query(server, "postgres", "ALTER SYSTEM SET autovacuum = off");
  await query(server, "postgres", "SELECT pg_reload_conf()");
  const client = new Client({ ...source, database: sourceDatabase });
  await client.connect();
  expected = await contentOf({
    query: async <T extends object>(sql: string) => (await client.query<T>(sql)).rows,
  });
  await client.end();
});

const ifPrograms = testIf(() => programs);

const urlOf = ({ host, port, user }: TestServer, database: string) =>
  `postgresql://${user}@${host}:${port}/${database}`;

/** A copy of the source that a test may change. */
async function ownSource(): Promise<string> {
  const name = `copy_${Math.random().toString(36).slice(2)}`;
  await query(source, "template1", `CREATE DATABASE ${name} TEMPLATE ${sourceDatabase}`);
  return name;
}

/** A target, and the program against it and a source. */
class Mover {
  readonly folder = cleanup.folder();
  /** Where the run keeps what it needs for itself. */
  readonly scratch = cleanup.folder();
  readonly snapshots = path.join(this.folder, "pgmoor-snapshots");
  environment: Record<string, string>;
  readonly target: string;

  private constructor(
    readonly database: Database,
    readonly from: string,
  ) {
    this.target = urlOf({ ...database.server, user: database.name }, database.name);
    this.environment = {
      PGPASSWORD: database.password,
      PGMOOR_SOURCE_PASSWORD: source.password,
      TMPDIR: this.scratch,
    };
  }

  static async create(database = sourceDatabase, made = extensions): Promise<Mover> {
    const target = await Database.create(cleanup, server);
    if (made !== "") await query(server, target.name, made);
    return new Mover(target, urlOf(source, database));
  }

  start(command: string, ...more: string[]) {
    const args = [command, "--source", this.from, "--target", this.target, "--json", ...more];
    return program.start(this.folder, args, this.environment);
  }

  run(command: string, ...more: string[]): Promise<Outcome> {
    return this.start(command, ...more).done;
  }

  /** Everything of the app's and of ours in the target, by name. */
  relations(): Promise<unknown[]> {
    return this.database.query(`
      SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY 1, 2`);
  }

  /** Moves in this process. @param given of the source, besides or instead of its own */
  inProcess(given: Record<string, string> = {}): Promise<MigrateReport> {
    const variables = { ...sourceVariables, PGDATABASE: this.from.split("/").at(-1)!, ...given };
    const options = {
      target: loginOf(this.database.environment),
      seconds: 60,
      scratch: this.scratch,
      log: () => undefined,
      stop: new AbortController().signal,
    };
    const { snapshots } = this;
    return Run.of(options, (run) => {
      const source = new RunningSource(run, loginOf(variables), []);
      return moveByHand(run, { service: "photos", source, snapshots, replace: false });
    });
  }

  /** Has such a move refused; answers the message. */
  async refusal(given?: Record<string, string>): Promise<string> {
    const before = await this.relations();
    const said = await this.inProcess(given).catch((error: unknown) => error);
    expect(said).toBeInstanceOf(Refused);
    expect((said as Refused).left).toBe("nothing changed");
    expect(await this.relations()).toEqual(before);
    expect(fs.existsSync(this.snapshots)).toBe(false);
    return (said as Refused).message;
  }
}

const sha256 = (file: string) => createHash("sha256").update(fs.readFileSync(file)).digest("hex");

ifPrograms("a running PostgreSQL: tried, moved, proved again, and what the ledger makes of it", async () => {
  const mover = await Mover.create(await ownSource());
  const { database } = mover;
  const from = mover.from.split("/").at(-1)!;
  // Without it, pg_restore itself could not make the index that calls it.
  await query(source, from, "ALTER FUNCTION searched SET search_path = public");
  const written = () => query(server, "postgres", "SELECT pg_snapshot_xmax(pg_current_snapshot())::text");

  const before = await written();
  const dry = await mover.run("migrate", "--dry-run");
  expect([dry.code, dry.stderr]).toEqual([0, ""]);
  expect(report(dry)).toMatchObject({ outcome: "dry-run", rows: rowsOf(count), tables: 8, snapshot: null });
  expect(dry.stdout).toMatch(
    new RegExp(`^public\\.asset: ${count.toLocaleString("en-US")} rows, checksum computed in `, "m"),
  );
  // Not one transaction on the whole server has written.
  expect(await written()).toEqual(before);
  expect(fs.readdirSync(mover.folder)).toEqual([]);

  const moved = await mover.run("migrate");
  expect([moved.code, moved.stderr]).toEqual([0, ""]);
  expect(report(moved)).toMatchObject({
    outcome: "verified",
    service: database.name,
    attempt: 1,
    rows: rowsOf(count),
    tables: 8,
  });
  expect(await contentOf(database)).toEqual(expected);
  const nearest = await query(source, from, neighbours(3));
  expect(await database.query(neighbours(3))).toEqual(nearest);
  expect(await database.query("SELECT nextval('album_number')::int AS next")).toEqual([{ next: 45 }]);
  expect(
    await database.query(
      "SELECT DISTINCT tableowner AS owner FROM pg_tables WHERE schemaname = 'Odd schema'",
    ),
  ).toEqual([{ owner: database.name }]);
  await database.query("SELECT setval('album_number', 43)");

  // What is kept is all of it, and pg_restore can read it.
  const [kept] = fs.readdirSync(mover.snapshots);
  const folder = path.join(mover.snapshots, kept!);
  expect(fs.readdirSync(folder).sort()).toEqual(["database.dump", "manifest.json"]);
  const manifest = fs.readFileSync(path.join(folder, "manifest.json"), "utf8");
  expect(JSON.parse(manifest)).toMatchObject({
    source: mover.from,
    attempt: 1,
    files: [{ name: "database.dump", sha256: sha256(path.join(folder, "database.dump")) }],
  });
  await query(source, "template1", "CREATE DATABASE restored TEMPLATE template0");
  const restore = path.join(programs!, "bin", "pg_restore");
  const restored = start(
    cleanup,
    restore,
    ["-d", "restored", path.join(folder, "database.dump")],
    sourceVariables,
  );
  expect((await restored.done).code).toBe(0);
  const rows = await query<{ n: number }>(source, "restored", "SELECT count(*)::int AS n FROM smart_search");
  expect(rows).toEqual([{ n: count }]);

  const proved = await mover.run("verify");
  expect([proved.code, proved.stderr]).toEqual([0, ""]);
  expect(report(proved)).toMatchObject({
    outcome: "equal",
    rows: rowsOf(count),
    sourceUnchanged: true,
    sequencesBehind: [],
    notOnBothSides: [],
    definedDifferently: [],
  });
  await database.query(
    "UPDATE users SET quota = 1 WHERE email LIKE 'user3@%'; DROP INDEX asset_searched; SELECT setval('album_number', 1)",
  );
  const different = await mover.run("verify");
  expect(different.code).toBe(1);
  expect(report(different)).toMatchObject({
    outcome: "different",
    tables: expect.arrayContaining([
      {
        table: "users",
        rows: 10,
        difference: expect.stringContaining("other values than the source") as string,
      },
      { table: "kysely_migrations", rows: 1, difference: null },
    ]) as unknown,
    sequencesBehind: ["public.album_number"],
    notOnBothSides: ["index public.asset_searched"],
    definedDifferently: [],
  });

  // In use and confirmed: done for good, unless the source has moved on; and only a person decides then.
  await database.query("UPDATE pgmoor.ledger SET state = 'confirmed'");
  expect(report(await mover.run("migrate"))).toMatchObject({ outcome: "skipped" });
  await query(source, from, "UPDATE users SET quota = 2 WHERE email LIKE 'user4@%'");
  expect(report(await mover.run("migrate"))).toMatchObject({ outcome: "skipped" });
  await query(source, "template1", `DROP DATABASE ${from}`);
  expect(report(await mover.run("migrate"))).toMatchObject({ outcome: "skipped" });
  for (const { stdout, stderr } of [dry, moved, proved, different])
    for (const secret of [database.password, source.password]) expect(stdout + stderr).not.toContain(secret);
  expect(fs.readdirSync(mover.scratch)).toEqual([]);
});

ifPrograms("rows that the target holds are replaced only when asked, and kept", async () => {
  const mover = await Mover.create();
  const { database } = mover;
  // Where no plain name reaches them, too.
  await database.query("CREATE SCHEMA aside; CREATE TABLE aside.mine AS SELECT 'precious' AS word");
  expect(await mover.refusal()).toContain("already have rows. --replace dumps them into");
  expect(await database.query("TABLE aside.mine")).toEqual([{ word: "precious" }]);
  const moved = await mover.run("migrate", "--replace");
  expect([moved.code, moved.stderr]).toEqual([0, ""]);
  expect(await contentOf(database)).toEqual(expected);
  expect(fs.readdirSync(path.join(mover.snapshots, "rescued-attempt-0"))).toEqual(["aside.mine.csv.gz"]);
});

ifPrograms("a source whose role is no superuser", async () => {
  const app = await Database.create(cleanup, source);
  await app.query(
    "CREATE TABLE notes (id serial PRIMARY KEY, body text); INSERT INTO notes (body) VALUES ('kept')",
  );
  const mover = await Mover.create();
  const { environment: own } = app;
  // Of the superuser's session it is shown little, but enough.
  expect(await mover.refusal(own)).toContain(
    "1 other session(s) are connected to the source's database (test)",
  );
  await app.client.end();
  expect(await mover.inProcess(own)).toMatchObject({ outcome: "verified", rows: 1, tables: 1 });
  expect(await mover.database.query("TABLE notes")).toEqual([{ id: 1, body: "kept" }]);
});

describe("nothing is changed when", () => {
  ifPrograms("the client programs are of another version, or not there", async () => {
    const mover = await Mover.create();
    const { PATH } = process.env;
    process.env.PATH = path.join(await pgvectorPrograms(18), "bin");
    const newer = await mover.refusal();
    process.env.PATH = mover.scratch;
    const none = await mover.refusal();
    process.env.PATH = PATH;
    expect(newer).toContain("pg_dump is version 18, but the server runs PostgreSQL 16");
    expect(newer).toContain("package postgresql-client-16");
    expect(none).toContain("pg_dump is not on PATH. In a job, ");
  });

  ifPrograms("the source is not there, or its password is missing or wrong", async () => {
    const mover = await Mover.create();
    expect(await mover.refusal({ PGPORT: "1" })).toContain("there is nothing to copy");
    expect(await mover.refusal({ PGDATABASE: "none" })).toContain("there is nothing to copy");
    mover.environment.PGMOOR_SOURCE_PASSWORD = "hunter2";
    const wrong = await mover.run("migrate");
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      expect.stringMatching(
        /failed, nothing changed: the source, PostgreSQL at .*password authentication failed/,
      ),
    ]);
    delete mover.environment.PGMOOR_SOURCE_PASSWORD;
    const missing = await mover.run("migrate");
    expect([missing.code, missing.stderr]).toEqual([
      1,
      expect.stringContaining("requires a password. Put it into PGMOOR_SOURCE_PASSWORD, or in ~/.pgpass"),
    ]);
    expect(await mover.relations()).toEqual([]);
  });

  ifPrograms("source and target do not fit together", async () => {
    const without = await Mover.create(sourceDatabase, "");
    const lacking = await without.refusal();
    expect(lacking).toContain("the target lacks the extension vector");
    expect(lacking).toContain("depends on it for column embedding of table smart_search");

    const mover = await Mover.create(await ownSource());
    const PGDATABASE = mover.from.split("/").at(-1)!;
    // By another name, and of another role.
    const itself = {
      PGHOST: "localhost",
      PGPORT: String(server.port),
      PGPASSWORD: server.password,
      PGDATABASE: mover.database.name,
    };
    expect(await mover.refusal(itself)).toContain("are the same database");
    await query(
      source,
      PGDATABASE,
      "CREATE ROLE reader LOGIN PASSWORD 'r'; GRANT pg_read_all_data TO reader",
    );
    expect(await mover.refusal({ PGUSER: "reader", PGPASSWORD: "r" })).toMatch(
      /permission denied: the source's role cannot read and lock every table: permission denied for table/,
    );
    expect(await mover.refusal({ PGDATABASE: "template1" })).toContain("has no tables");
    await query(source, PGDATABASE, "SELECT lo_create(0)");
    expect(await mover.refusal()).toContain("large objects");
  });

  ifPrograms("the source is newer than the target", async () => {
    const newer = await startServer(cleanup, await pgvectorPrograms(18));
    await query(newer, "postgres", "CREATE TABLE notes ()");
    const mover = await Mover.create();
    const { port, password } = newer;
    expect(
      await mover.refusal({ PGPORT: String(port), PGPASSWORD: password, PGDATABASE: "postgres" }),
    ).toContain("the source runs PostgreSQL 18 and the central server 16");
  });

  ifPrograms("somebody is in the source, before or meanwhile", async () => {
    const mover = await Mover.create(await ownSource());
    const from = mover.from.split("/").at(-1)!;
    const app = new Client({ ...source, database: from, application_name: "immich" });
    await app.connect();
    await app.query("BEGIN; INSERT INTO users VALUES (gen_random_uuid(), 'late@example.org')");
    expect(await mover.refusal()).toContain(
      "1 other session(s) are connected to the source's database (immich). Stop the app",
    );
    await app.query("ROLLBACK");
    await app.end();

    const move = mover.start("migrate");
    let said = "";
    move.child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
    await eventually(() => (said.includes("public.asset: ") ? true : undefined), 60);
    const late = new Client({ ...source, database: from, application_name: "immich" });
    await late.connect();
    // It waits for our lock, and goes through once the move has ended.
    const inserted = late.query("INSERT INTO users VALUES (gen_random_uuid(), 'late@example.org')");
    const outcome = await move.done;
    expect([outcome.code, outcome.stderr]).toEqual([2, expect.stringContaining("(immich). Stop the app")]);
    await inserted;
    await late.end();
    expect(await mover.database.query("SELECT state FROM pgmoor.ledger")).toEqual([{ state: "started" }]);
    expect(await mover.database.query("SELECT to_regclass('asset') AS there")).toEqual([{ there: null }]);
    const again = await mover.run("migrate");
    expect([again.code, report(again).rows]).toEqual([0, rowsOf(count) + 1]);
  });
});

ifPrograms(
  "killed or interrupted in the middle: nothing of it is there, and the next run ends verified",
  async () => {
    const mover = await Mover.create();
    const sessions = (server: TestServer, database: string) =>
      query(
        server,
        "template1",
        `SELECT FROM pg_stat_activity WHERE datname = '${database}' AND application_name = 'pgmoor'`,
      );
    const marks = [
      ["public.asset: .* checksum computed", "SIGINT"],
      ["public.users: .* checksum computed", "SIGINT"],
      ["public.asset: .* copied", "SIGKILL"],
      ["creating indexes", "SIGKILL"],
    ] as const;
    for (const [mark, signal] of marks) {
      const { child, done } = mover.start("migrate");
      let said = "";
      child.stdout?.on("data", (chunk: Buffer) => (said += chunk.toString()));
      await eventually(() => (new RegExp(mark).test(said) ? true : undefined), 60);
      child.kill(signal);
      const outcome = await done;
      if (signal === "SIGINT") {
        expect([outcome.code, outcome.stderr]).toEqual([
          1,
          "pgmoor: failed, nothing changed: stopped by SIGINT\n",
        ]);
        expect(fs.readdirSync(mover.scratch)).toEqual([]);
        const kept = fs.existsSync(mover.snapshots) ? fs.readdirSync(mover.snapshots) : [];
        expect(kept.filter((name) => name.endsWith(".partial"))).toEqual([]);
      }
      // A server notices a session that is gone when it has something to say to it.
      await eventually(async () =>
        (await sessions(source, sourceDatabase)).length === 0 ? true : undefined,
      );
      expect(await mover.database.query("SELECT to_regclass('asset') AS there")).toEqual([{ there: null }]);
      expect((await mover.database.query("SELECT state FROM pgmoor.ledger")).at(-1)).toEqual({
        state: "started",
      });
    }
    const outcome = await mover.run("migrate");
    expect([outcome.code, outcome.stderr]).toEqual([0, ""]);
    expect(await contentOf(mover.database)).toEqual(expected);
  },
);
