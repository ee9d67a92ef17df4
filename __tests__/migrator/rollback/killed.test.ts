import * as fs from "node:fs";
import * as path from "node:path";
import { Cleanup, Database, report, Service, writeSqlite } from "../support";
import { itemsOf } from "./items";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(600_000);

const thorough = process.env.PGMOOR_THOROUGH === "1";
const schema =
  "CREATE TABLE IF NOT EXISTS app_migrations (version text); CREATE TABLE IF NOT EXISTS items (id integer PRIMARY KEY, name text);";
const tables =
  "CREATE TABLE app_migrations (version TEXT); CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO items VALUES (1, 'a')";
/** In a log that nobody has merged: a file without it is half of the source. */
const log = "INSERT INTO items VALUES (2, 'in the log')";
const before = [
  { id: 1, name: "a" },
  { id: 2, name: "in the log" },
];
const onServer = [
  { id: 1, name: "changed on the server" },
  { id: 3, name: "only on the server" },
];

const rowsOf = (file: string) => itemsOf(cleanup, file);
const rowsOnServer = (service: Service) => service.database.query("SELECT id, name FROM items ORDER BY id");

let service: Service;
let files: Map<string, Buffer>;
beforeAll(async () => {
  service = new Service(cleanup, await Database.create(cleanup), schema);
  writeSqlite(service.source, tables, log);
  files = new Map(
    fs.readdirSync(path.dirname(service.source)).map((name) => {
      const file = path.join(path.dirname(service.source), name);
      return [file, fs.readFileSync(file)];
    }),
  );
  await service.migrated();
  await service.database.query(
    "DELETE FROM items WHERE id = 2; UPDATE items SET name = 'changed on the server'; INSERT INTO items VALUES (3, 'only on the server')",
  );
});

/** The service as it was before any rollback. */
async function asMoved(): Promise<void> {
  fs.rmSync(path.dirname(service.source), { recursive: true });
  fs.mkdirSync(path.dirname(service.source));
  for (const [file, content] of files) fs.writeFileSync(file, content);
  await service.setState("confirmed");
  await service.database.query("UPDATE pgmoor.ledger SET rollback = NULL");
  service.configure({ rollback: "copy-back" });
}

/** Rolls back, and is killed after the step of this number, or of these words. @returns what it did to the source's folder */
async function rollBackKilled(after: number | string): Promise<{ killed: boolean; steps: string[] }> {
  const steps = path.join(cleanup.folder(), "steps");
  fs.writeFileSync(steps, "");
  const { done } = await service.startMigratorWith(
    {
      NODE_OPTIONS: `--require ${path.join(__dirname, "kill-after.cjs")}`,
      PGMOOR_KILL_UNDER: path.dirname(service.source),
      PGMOOR_KILL_LOG: steps,
      PGMOOR_KILL_AFTER: String(after),
    },
    "roll-back",
  );
  const outcome = await done;
  const lines = fs.readFileSync(steps, "utf8").trim().split("\n");
  if (outcome.signal === null && outcome.code !== 0) throw new Error(outcome.stderr);
  return { killed: outcome.signal === "SIGKILL", steps: lines };
}

/** What a rollback does that is not killed. */
let steps: string[];

test("every step is on disk before the next one rests on it", async () => {
  await asMoved();
  ({ steps } = await rollBackKilled(0));
  const swap = steps.slice(steps.indexOf("rename app.db.pgmoor-merged"));
  expect(swap).toEqual([
    "rename app.db.pgmoor-merged",
    "sync data",
    "rm app.db-wal",
    "rm app.db-journal",
    "rm app.db-shm",
    "sync data",
    "rename app.db.pgmoor-new",
    "sync data",
    "rm app.db.pgmoor-new",
    "rm app.db.pgmoor-merged",
  ]);
  for (const which of ["new", "merged"])
    expect(steps.indexOf(`rename app.db.pgmoor-${which}`)).toBeGreaterThan(
      steps.lastIndexOf(`sync app.db.pgmoor-${which}`),
    );
  expect(rowsOf(service.source)).toEqual(onServer);
});

test("killed after any step, the source is whole, and the next start or the server goes on with every row", async () => {
  const numbers = [...steps.keys()]
    .filter((at) => thorough || /^rename|^rm app.db-wal/.test(steps[at]!))
    .map((at) => at + 1);
  expect(numbers.length).toBeGreaterThan(2);
  for (const number of numbers) {
    await asMoved();
    expect(await rollBackKilled(number)).toMatchObject({ killed: true });
    const step = `${number}: ${steps[number - 1]}`;
    const held = rowsOf(service.source);
    expect([before, onServer].map((rows) => [step, rows])).toContainEqual([step, held]);
    expect(await rowsOnServer(service)).toEqual(onServer);
    if (thorough || number % 2 === 0) {
      // Nomad puts the job back on the server.
      service.configure({});
      expect(await service.migrated()).toMatchObject({ attempt: 1, outcome: "skipped" });
      expect(await service.ledger()).toMatchObject([{ state: "confirmed" }]);
      expect((await (await service.startMigrator("confirm")).done).stdout).not.toContain("WARNING");
      service.configure({ rollback: "copy-back" });
    }
    const again = await (await service.startMigrator("roll-back")).done;
    expect([step, again.stderr]).toEqual([step, ""]);
    expect(["copied-back", "skipped"]).toContain(report(again).outcome);
    expect([step, rowsOf(service.source)]).toEqual([step, onServer]);
    expect(fs.readdirSync(path.dirname(service.source))).toEqual(["app.db"]);
    expect(await service.ledger()).toMatchObject([{ state: "rolling-back" }]);
  }
  // What was replaced is kept, each time.
  const kept = path.join(service.snapshots, "before-rollback");
  const rows = fs.readdirSync(kept).map((folder) => rowsOf(path.join(kept, folder, "app.db")));
  expect(rows).toContainEqual(before);
});

test("killed twice, after the swap and before the next one, a third start goes through", async () => {
  await asMoved();
  expect(await rollBackKilled("rename app.db.pgmoor-new")).toMatchObject({ killed: true });
  expect(rowsOf(service.source)).toEqual(onServer);
  // The job is on the server meanwhile.
  await service.database.query("INSERT INTO items VALUES (4, 'between')");
  expect(await rollBackKilled("rm app.db-shm")).toMatchObject({ killed: true });
  expect(rowsOf(service.source)).toEqual(onServer);
  const again = await (await service.startMigrator("roll-back")).done;
  expect(again.stderr).toBe("");
  expect(rowsOf(service.source)).toEqual([...onServer, { id: 4, name: "between" }]);
});
