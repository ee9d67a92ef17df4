import * as fs from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import Libsql from "libsql";
import { Cleanup, Database, report, Service, writeSqlite, type Outcome } from "../support";
import { itemsOf } from "./items";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(60_000);

const schema =
  "CREATE TABLE IF NOT EXISTS app_migrations (version text); CREATE TABLE IF NOT EXISTS items (id integer PRIMARY KEY, name text); CREATE TABLE IF NOT EXISTS logins (id serial PRIMARY KEY, at text);";
const tables =
  "CREATE TABLE app_migrations (version TEXT); CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE logins (id INTEGER PRIMARY KEY, at TEXT); INSERT INTO items VALUES (1, 'a'), (2, 'b')";

/** What the app does on the server between its move and its return. */
const onServer =
  "INSERT INTO items VALUES (3, 'c'); UPDATE items SET name = 'A' WHERE id = 1; DELETE FROM items WHERE id = 2";
const server = [
  { id: 1, name: "A" },
  { id: 3, name: "c" },
];

/** A service that has moved, and has written to the server since. */
async function moved(kind: "copy-back" | "discard", log?: string): Promise<Service> {
  const service = new Service(cleanup, await Database.create(cleanup), schema);
  writeSqlite(service.source, tables, log);
  await service.migrated();
  await confirmed(service);
  await service.database.query(onServer);
  service.configure({ rollback: kind });
  return service;
}

async function confirmed(service: Service): Promise<void> {
  await service.setState("confirmed");
  await service.database.query("CREATE TABLE IF NOT EXISTS pgmoor.confirmed ()");
}

function write(file: string, sql: string): void {
  const database = new Libsql(file);
  database.exec(sql);
  database.close();
}

const run = async (service: Service, task = "roll-back"): Promise<Outcome> =>
  (await service.startMigrator(task)).done;
const states = async (service: Service) => (await service.ledger()).map(({ state }) => state);
const beside = (service: Service) => fs.readdirSync(path.dirname(service.source)).sort();
const marker = (service: Service) => fs.existsSync(path.join(service.snapshots, "on-source"));
const planSees = async (service: Service) =>
  (
    await service.database.query<{ seen: boolean }>(
      "SELECT to_regclass('pgmoor.confirmed') IS NOT NULL AS seen",
    )
  )[0]!.seen;

/** An app that answers with this status. */
async function app(status: number): Promise<string> {
  const listening = createServer((_, response) => response.writeHead(status).end());
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  cleanup.add(() => listening.close());
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}/alive`;
}

describe("copy-back", () => {
  test("brings the server's rows into the source, keeps the old file, and is done when the app answers", async () => {
    const service = await moved("copy-back", "INSERT INTO logins VALUES (7, 'in the log')");
    fs.chmodSync(service.source, 0o640);
    const { uid, gid } = fs.statSync(service.source);
    const before = fs.readFileSync(service.source);
    const outcome = await run(service);
    expect(outcome.stderr).toBe("");
    expect(report(outcome)).toMatchObject({
      pgmoor: "roll-back",
      attempt: 1,
      outcome: "copied-back",
      rows: 3,
    });
    expect(itemsOf(cleanup, service.source)).toEqual(server);
    expect(beside(service)).toEqual(["app.db"]);
    const now = fs.statSync(service.source);
    expect([now.uid, now.gid, now.mode & 0o7777]).toEqual([uid, gid, 0o640]);
    const kept = path.join(service.snapshots, "before-rollback");
    const [folder] = fs.readdirSync(kept);
    expect(fs.readFileSync(path.join(kept, folder!, "app.db"))).toEqual(before);
    expect(fs.readdirSync(path.join(kept, folder!)).sort()).toEqual([
      "app.db",
      "app.db-wal",
      "manifest.json",
    ]);
    expect(await states(service)).toEqual(["rolling-back"]);
    // Until the app has answered, a plan takes the move for confirmed.
    expect([await planSees(service), marker(service)]).toEqual([true, false]);

    service.configure({ rollback: "copy-back", health: await app(200) });
    expect(report(await run(service, "confirm"))).toMatchObject({
      pgmoor: "confirm",
      outcome: "rolled-back",
    });
    expect(await states(service)).toEqual(["rolled-back"]);
    expect([await planSees(service), marker(service)]).toEqual([false, true]);
  });

  test("the next cutover copies anew, with what was written to the source since, and loses nothing", async () => {
    const service = await moved("copy-back");
    service.configure({ rollback: "copy-back", health: await app(200) });
    await run(service);
    await run(service, "confirm");
    write(service.source, "INSERT INTO items VALUES (4, 'd')");
    service.configure({});
    const again = await service.migrated();
    expect(again).toMatchObject({ attempt: 2, outcome: "verified" });
    expect(await service.database.query("SELECT id, name FROM items ORDER BY id")).toEqual([
      ...server,
      { id: 4, name: "d" },
    ]);
    // The source has all that the server had: there is nothing to rescue.
    expect((await service.ledger())[0]!.rescued).toBeNull();
  });

  test("a source whose log SQLite has merged since is as it was", async () => {
    const service = await moved(
      "copy-back",
      "INSERT INTO items VALUES (9, 'in the log'); DELETE FROM items WHERE id = 9",
    );
    write(service.source, "PRAGMA wal_checkpoint(TRUNCATE)");
    expect(report(await run(service))).toMatchObject({ outcome: "copied-back" });
  });

  test("what stands in the way is refused, and neither side is changed", async () => {
    const service = await moved("copy-back");
    const before = fs.readFileSync(service.source);
    const inTheWay = `${service.source}.pgmoor-new`;
    const cases: readonly (readonly [spoil: () => unknown, mend: () => unknown, says: string])[] = [
      [
        () => write(service.source, "INSERT INTO items VALUES (4, 'only here')"),
        () => fs.writeFileSync(service.source, before),
        "has changed since it was copied to the server",
      ],
      [
        () => service.database.query("INSERT INTO app_migrations VALUES ('2')"),
        () => service.database.query("DELETE FROM app_migrations"),
        "the app was upgraded on the server since its move: app_migrations",
      ],
      [
        () => service.database.query("CREATE TABLE surplus (id integer); INSERT INTO surplus VALUES (1)"),
        () => service.database.query("DROP TABLE surplus"),
        "surplus",
      ],
      [() => fs.mkdirSync(inTheWay), () => fs.rmdirSync(inTheWay), "pgmoor-new"],
    ];
    for (const [spoil, mend, says] of cases) {
      await spoil();
      const outcome = await run(service);
      expect([says, outcome.code]).not.toEqual([says, 0]);
      expect(outcome.stderr).toContain(says);
      await mend();
      expect(fs.readFileSync(service.source)).toEqual(before);
      expect(beside(service)).toEqual(["app.db"]);
      expect([await states(service), await planSees(service), marker(service)]).toEqual([
        ["confirmed"],
        true,
        false,
      ]);
    }
    expect(report(await run(service))).toMatchObject({ outcome: "copied-back" });
  });
});

describe("a rollback whose app never answers", () => {
  test("the server goes on, and a later rollback brings what was written since", async () => {
    const service = await moved("copy-back");
    await run(service);
    service.configure({ rollback: "copy-back", health: await app(503), deadlines: { confirmSeconds: 1 } });
    const failed = await run(service, "confirm");
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain("the app does not answer 2xx");
    // Nomad reverts.
    service.configure({});
    expect(await service.migrated()).toMatchObject({ attempt: 1, outcome: "skipped" });
    expect([await states(service), await planSees(service)]).toEqual([["confirmed"], true]);
    expect(await service.database.query("SELECT id, name FROM items ORDER BY id")).toEqual(server);
    expect((await run(service, "confirm")).stdout).not.toContain("WARNING");

    await service.database.query("INSERT INTO items VALUES (5, 'e')");
    service.configure({ rollback: "copy-back" });
    expect(report(await run(service))).toMatchObject({ outcome: "copied-back" });
    expect(itemsOf(cleanup, service.source)).toEqual([...server, { id: 5, name: "e" }]);
  });

  test("what the app wrote to its source is copied to the server, with all that was there", async () => {
    const service = await moved("copy-back");
    await run(service);
    write(service.source, "INSERT INTO items VALUES (6, 'f')");
    service.configure({});
    expect(await service.migrated()).toMatchObject({ attempt: 2, outcome: "verified" });
    expect(await service.database.query("SELECT id, name FROM items ORDER BY id")).toEqual([
      ...server,
      { id: 6, name: "f" },
    ]);
    expect(await states(service)).toEqual(["rolled-back", "copied"]);
  });

  test("discarding: the server goes on as it was, whatever the app wrote to its source", async () => {
    const service = await moved("discard");
    expect(report(await run(service))).toMatchObject({ outcome: "discarded" });
    write(service.source, "INSERT INTO logins VALUES (1, 'by the start')");
    service.configure({});
    expect(await service.migrated()).toMatchObject({ attempt: 1, outcome: "skipped" });
    expect([await states(service), await planSees(service)]).toEqual([["confirmed"], true]);
    expect(await service.database.query("SELECT id, name FROM items ORDER BY id")).toEqual(server);
  });
});

test("discard leaves the server's rows there, and the source as it was", async () => {
  const service = await moved("discard");
  const before = fs.readFileSync(service.source);
  expect(report(await run(service))).toMatchObject({ outcome: "discarded", rows: 0 });
  expect(fs.readFileSync(service.source)).toEqual(before);
  service.configure({ rollback: "discard", health: await app(200) });
  expect(report(await run(service, "confirm"))).toMatchObject({ outcome: "rolled-back" });
  expect(await states(service)).toEqual(["rolled-back"]);
  expect(await service.database.query("SELECT id, name FROM items ORDER BY id")).toEqual(server);
});

describe("a later start", () => {
  /** The tasks of a job whose server is away. */
  const away = (service: Service, task: string) =>
    service.startMigratorWith({ PGPORT: "1" }, task).then(({ done }) => done);

  test("needs no server once the ledger was seen to say that the service is on its source", async () => {
    const service = await moved("discard");
    service.configure({ rollback: "discard", health: await app(200) });
    await run(service);
    await run(service, "confirm");
    for (const task of ["roll-back", "confirm"]) expect((await away(service, task)).code).toBe(0);
    // With the server there, its ledger is asked.
    expect(report(await run(service))).toMatchObject({ outcome: "skipped" });
  });

  test("never takes the source for the one in use when the ledger says otherwise", async () => {
    const service = await moved("copy-back");
    // A marker of long ago, from a backup.
    const stale = path.join(service.snapshots, "on-source");
    fs.writeFileSync(stale, "");
    service.configure({});
    expect(await service.migrated()).toMatchObject({ outcome: "skipped" });
    expect(marker(service)).toBe(false);
    fs.writeFileSync(stale, "");
    service.configure({ rollback: "copy-back" });
    expect(report(await run(service))).toMatchObject({ outcome: "copied-back" });
    expect(marker(service)).toBe(false);
  });

  test("a service that has never moved starts on its source", async () => {
    const service = new Service(cleanup, await Database.create(cleanup), schema, { rollback: "copy-back" });
    writeSqlite(service.source, tables);
    expect(report(await run(service))).toMatchObject({ attempt: 0, outcome: "skipped" });
    expect(report(await run(service, "confirm"))).toMatchObject({ outcome: "skipped" });
  });
});
