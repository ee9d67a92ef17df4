/** The migrator in a process of its own: what it takes of memory, whatever the size of a value. */
import * as fs from "node:fs";
import * as path from "node:path";
import { Cleanup, Database, migratorBundle, report, Service, start, writeSqlite } from "../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(900_000);

const sizes = process.env.PGMOOR_THOROUGH ? [30, 100, 400] : [30];

/**
 * On a machine that is idle it is below 200 MB; on one that is not, memory is given back late: 291 MB were seen. The largest
 * values say whether one is held whole.
 */
const most = 330e6;

test.each(sizes)("the migrator does not hold them, with three values of %i MB", async (megabytes) => {
  // What is not compressed is written sooner.
  const schema = `CREATE TABLE IF NOT EXISTS t (id integer PRIMARY KEY, v bytea, w text);
    ALTER TABLE t ALTER v SET STORAGE EXTERNAL, ALTER w SET STORAGE EXTERNAL`;
  const service = new Service(cleanup, await Database.create(cleanup), schema);
  service.configure({ deadlines: { migrateSeconds: 600, confirmSeconds: 5 } });
  const bytes = megabytes * 1e6;
  writeSqlite(
    service.source,
    `CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB, w TEXT); INSERT INTO t (v) VALUES (zeroblob(${bytes}));
     INSERT INTO t (w) VALUES (replace(hex(zeroblob(${bytes / 8})), '0', 'a\\é')); INSERT INTO t (v) VALUES (zeroblob(${bytes}))`,
  );
  const [preload, peak] = ["memory.cjs", "peak"].map((name) => path.join(cleanup.folder(), name)) as [
    string,
    string,
  ];
  fs.writeFileSync(
    preload,
    `process.on("exit", () => require("node:fs").writeFileSync(${JSON.stringify(peak)}, String(process.resourceUsage().maxRSS * 1024)));`,
  );
  const task = service.startSchemaTask();
  const args = ["-r", preload, await migratorBundle(cleanup), "migrate", "--config", service.config];
  const outcome = await start(cleanup, process.execPath, args, service.environment()).done;
  expect(outcome.stderr).toBe("");
  expect(report(outcome)).toMatchObject({ outcome: "verified", rows: 3 });
  expect((await task.done).code).toBe(0);
  expect(Number(fs.readFileSync(peak, "utf8"))).toBeLessThan(most);
});
