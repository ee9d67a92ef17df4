import * as fs from "node:fs";
import * as path from "node:path";
import Libsql from "libsql";
import { freePorts } from "../../lab/servers/wait";
import { Cleanup, Database, type Outcome, report, writeSqlite } from "../migrator/support";
import { Program } from "./program";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(30_000);

const schema = `
  CREATE TABLE knex_migrations (id serial PRIMARY KEY, name varchar(255)); INSERT INTO knex_migrations (name) VALUES ('1.js');
  CREATE TABLE beats (id serial PRIMARY KEY, ping bigint); INSERT INTO beats (ping) VALUES (7);
  CREATE SEQUENCE stream;`;
const sqlite = `
  CREATE TABLE knex_migrations (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO knex_migrations VALUES (1, '1.js');
  CREATE TABLE beats (id INTEGER PRIMARY KEY, ping BIGINT); INSERT INTO beats VALUES (1, 20.5), (2, 3), (3, 0.25);`;

let program: Program;
beforeAll(async () => {
  program = await Program.build(cleanup);
});

/** A source, a target with the app's schema and a row of its own, and the program against both. */
async function service() {
  const database = await Database.create(cleanup);
  await database.query(`SET ROLE ${database.name}`);
  await database.query(schema);
  const folder = cleanup.folder();
  const source = path.join(folder, "app.db");
  writeSqlite(source, sqlite);
  const rules = path.join(folder, "rules.json");
  const { PGHOST, PGPORT, PGUSER, PGDATABASE, PGPASSWORD = "" } = database.environment;
  const target = `postgresql://${PGUSER}@${PGHOST}:${PGPORT}/${PGDATABASE}`;
  const pgmoor = (command: string, ...more: string[]): Promise<Outcome> => {
    const given = command === "ledger" ? [] : ["--source", "app.db"];
    const args = [command, ...given, "--target", target, "--json", ...more];
    return program.start(folder, args, { PGPASSWORD }).done;
  };
  const beats = () => database.query("SELECT id, ping::int FROM beats ORDER BY id");
  return { database, folder, source, rules, target, pgmoor, beats };
}

test("by hand: refused, tried, moved, proved again, shown", async () => {
  const { folder, source, rules, database, pgmoor, beats } = await service();
  const before = fs.readFileSync(source);

  const seeded = await pgmoor("migrate");
  expect(seeded.code).toBe(2);
  expect(report(seeded)).toMatchObject({ pgmoor: "migrate", outcome: "refused", left: "nothing changed" });
  expect(seeded.stderr).toContain(
    "table beats: 1 rows, 1 differ from the source's, 0 have a key that the source lacks",
  );

  const refused = await pgmoor("migrate", "--dry-run", "--replace");
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(
    "beats.ping, rowid 1: real with a fraction in a column of type bigint (this rule would help: cast round)",
  );
  const [, rule = ""] = /^ {2}(\{"kind":"cast".*\})$/m.exec(refused.stderr) ?? [];
  fs.writeFileSync(rules, JSON.stringify({ rules: [JSON.parse(rule)] }));

  const dry = await pgmoor("migrate", "--dry-run", "--rules", "rules.json", "--replace");
  expect([dry.code, dry.stderr]).toEqual([0, ""]);
  const rounded = [{ rule: { kind: "cast", table: "beats", column: "ping", as: "round" }, applied: 2 }];
  expect(report(dry)).toMatchObject({ outcome: "dry-run", rows: 3, tables: 1, rules: rounded });
  // Neither rows nor ledger nor snapshot.
  expect(await beats()).toEqual([{ id: 1, ping: 7 }]);
  expect(await database.query("SELECT to_regclass('pgmoor.ledger')::text AS ledger")).toEqual([
    { ledger: null },
  ]);
  expect(fs.readdirSync(folder).sort()).toEqual(["app.db", "rules.json"]);

  const moved = await pgmoor("migrate", "--rules", "rules.json", "--replace");
  expect([moved.code, moved.stderr]).toEqual([0, ""]);
  expect(report(moved)).toMatchObject({ outcome: "verified", attempt: 1, rows: 3, rules: rounded });
  expect(await beats()).toEqual([
    { id: 1, ping: 21 },
    { id: 2, ping: 3 },
    { id: 3, ping: 0 },
  ]);
  expect(fs.readFileSync(source)).toEqual(before);
  expect(fs.readdirSync(path.join(folder, "pgmoor-snapshots"))).toEqual([
    expect.stringMatching(/^attempt-1-/),
    "rescued-attempt-0",
  ]);

  const proved = await pgmoor("verify", "--rules", "rules.json");
  expect(proved.stdout).toContain("keep the value that the app's schema gave them: stream");
  expect([proved.code, proved.stderr]).toEqual([0, ""]);
  expect(report(proved)).toMatchObject({
    outcome: "equal",
    rows: 3,
    tables: [{ table: "beats", rows: 3, difference: null }],
    sourceUnchanged: true,
    sequencesBehind: [],
    unsetSequences: ["stream"],
  });

  await database.query("UPDATE beats SET ping = 4 WHERE id = 2; SELECT setval('beats_id_seq', 1)");
  const different = await pgmoor("verify", "--rules", "rules.json");
  expect(different.code).toBe(1);
  expect(report(different)).toMatchObject({
    outcome: "different",
    tables: [
      { table: "beats", difference: expect.stringContaining("other values than the source") as string },
    ],
    sequencesBehind: ["beats_id_seq"],
  });

  // What the app may have written on the server meanwhile is never replaced unasked.
  fs.rmSync(source);
  writeSqlite(source, `${sqlite} INSERT INTO beats VALUES (4, 1)`);
  const again = await pgmoor("migrate", "--rules", "rules.json");
  expect(again.code).toBe(2);
  expect(again.stderr).toContain("--replace dumps them into");
  expect(await database.query("SELECT ping::int FROM beats WHERE id = 2")).toEqual([{ ping: 4 }]);

  const ledger = await pgmoor("ledger");
  expect(ledger.stdout).toContain("attempt 1 of ");
  expect(ledger.stdout).toContain("applied 2 times");
  expect(report(ledger)).toMatchObject({ attempts: [{ attempt: 1, state: "copied", rules: rounded }] });
  for (const { stdout, stderr } of [seeded, dry, moved, proved, different, ledger])
    expect(stdout + stderr).not.toContain(database.password);
});

test("the dry run refuses what the move would refuse", async () => {
  const { rules, pgmoor } = await service();
  fs.writeFileSync(
    rules,
    JSON.stringify({ rules: [{ kind: "cast", table: "beats", column: "ping", as: "round" }] }),
  );
  const [dry, real] = [
    await pgmoor("migrate", "--dry-run", "--rules", "rules.json"),
    await pgmoor("migrate", "--rules", "rules.json"),
  ];
  expect([dry.code, dry.stderr]).toEqual([2, real.stderr]);
  expect(dry.stderr).toContain("--replace dumps them into");
});

test("whatever fails by hand leaves the rows that were there", async () => {
  const { rules, pgmoor, beats, database } = await service();
  fs.writeFileSync(
    rules,
    JSON.stringify({ rules: [{ kind: "cast", table: "beats", column: "ping", as: "round" }] }),
  );
  await database.query("ALTER TABLE beats ADD CONSTRAINT low CHECK (ping < 20)");
  const failed = await pgmoor("migrate", "--rules", "rules.json", "--replace");
  expect(failed.code).toBe(2);
  expect(failed.stderr).toContain("refused, nothing changed");
  expect(failed.stderr).toContain("violates the constraint low");
  expect(await beats()).toEqual([{ id: 1, ping: 7 }]);
});

test("a server that is not there is not waited for: exit code 1, and where it was looked for", async () => {
  const { folder } = await service();
  const [port] = await freePorts(1);
  const target = `postgresql://app@127.0.0.1:${port}/app`;
  const args = ["migrate", "--source", "app.db", "--target", target];
  const outcome = await program.start(folder, args, { PGPASSWORD: "any" }).done;
  expect([outcome.code, outcome.stdout]).toEqual([1, ""]);
  expect(outcome.stderr).toContain(
    `failed, nothing changed: PostgreSQL at 127.0.0.1:${port}, database app, role app: `,
  );
});

test("back by hand: a new file with what was written on the server, and never over one that is there", async () => {
  const { folder, source, rules, database, pgmoor } = await service();
  fs.writeFileSync(
    rules,
    JSON.stringify({ rules: [{ kind: "cast", table: "beats", column: "ping", as: "round" }] }),
  );
  expect((await pgmoor("migrate", "--rules", "rules.json", "--replace")).code).toBe(0);
  await database.query("INSERT INTO beats (ping) VALUES (8)");
  const before = fs.readFileSync(source);

  const back = await pgmoor("back", "--rules", "rules.json", "--out", "back.db");
  expect([back.code, back.stderr]).toEqual([0, ""]);
  expect(report(back)).toMatchObject({
    outcome: "verified",
    rows: 4,
    tables: [{ table: "beats", rows: 4, kept: 3, changed: 0, added: 1, removed: 0 }],
  });
  expect(fs.readFileSync(source)).toEqual(before);
  const file = new Libsql(path.join(folder, "back.db"));
  // What a rule had rounded on the way there is what it was.
  expect(file.prepare("SELECT ping FROM beats ORDER BY id").pluck().all()).toEqual([20.5, 3, 0.25, 8]);
  file.close();

  // SQLite would read another file's log as this one's.
  fs.writeFileSync(path.join(folder, "other.db-wal"), "left over");
  const beside = await pgmoor("back", "--rules", "rules.json", "--out", "other.db");
  expect(beside.code).toBe(2);
  expect(beside.stderr).toContain("other.db-wal: already exists");

  const again = await pgmoor("back", "--rules", "rules.json", "--out", "back.db");
  expect(again.code).toBe(2);
  expect(again.stderr).toContain("already exists. Choose another file name");
});
