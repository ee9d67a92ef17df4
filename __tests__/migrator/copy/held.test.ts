/** What the target's tables held before the copy: records, seeds, rows of an attempt before. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { gunzipSync } from "node:zlib";
import { messageOf } from "../../../migrator/base/errors";
import { Bench } from "../support/copying";
import { Cleanup, Database } from "../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.create(cleanup);
});

const refusalOf = (copying: Promise<unknown>) =>
  copying.then(
    () => "it was copied",
    (error: unknown) => messageOf(error),
  );

describe("a record of migrations that is none of the known ones, as Synapse has", () => {
  const target = `
    CREATE TABLE applied_schema_deltas (version integer NOT NULL, file text NOT NULL, UNIQUE (version, file));
    INSERT INTO applied_schema_deltas VALUES (72, 'main/1.sql'), (72, 'main/2.sql.postgres'), (73, 'main/3.sql.postgres');
    CREATE TABLE events (id integer PRIMARY KEY)`;
  const source = `
    CREATE TABLE applied_schema_deltas (version INTEGER NOT NULL, file TEXT NOT NULL, UNIQUE (version, file));
    INSERT INTO applied_schema_deltas VALUES (72, 'main/1.sql'), (72, 'main/2.sql.sqlite'), (74, 'main/4.sql');
    CREATE TABLE events (id INTEGER PRIMARY KEY); INSERT INTO events VALUES (1)`;

  test("is refused by name, with what settles it, and nothing is changed", async () => {
    await bench.schema(target);
    const message = await refusalOf(bench.copy(bench.write(source)));
    expect(message).toContain(
      "table applied_schema_deltas: 2 of the 3 rows that the app made are not in the source",
    );
    expect(message).toContain(
      'add to migrationTables: {"table":"applied_schema_deltas","compare":"nothing"}',
    );
    expect(message).toContain('add to rules: {"kind":"replace","table":"applied_schema_deltas"}');
    expect(
      await bench.query("SELECT count(*)::int AS n FROM applied_schema_deltas WHERE version = 73"),
    ).toEqual([{ n: 1 }]);
  });

  test("declared, it stays the app's own", async () => {
    await bench.schema(target);
    await bench.copy(bench.write(source), [], [{ table: "applied_schema_deltas", compare: "nothing" }]);
    expect(await bench.query("SELECT version FROM applied_schema_deltas ORDER BY 1")).toEqual(
      [72, 72, 73].map((version) => ({ version })),
    );
  });

  test("by the rule replace, it becomes the source's, and what went is noted", async () => {
    await bench.schema(target);
    const { notes } = await bench.copy(bench.write(source), [
      { kind: "replace", table: "applied_schema_deltas" },
    ]);
    expect(notes.replacedRows).toEqual({ applied_schema_deltas: 2 });
  });
});

test("one row that says which version the schema has, and another in the source, is such a record", async () => {
  await bench.schema(
    "CREATE TABLE schema_info (lock char(1) PRIMARY KEY, version integer); INSERT INTO schema_info VALUES ('X', 92)",
  );
  const sqlite = (version: number) =>
    `CREATE TABLE schema_info (lock PRIMARY KEY, version); INSERT INTO schema_info VALUES ('X', ${version})`;
  expect(await refusalOf(bench.copy(bench.write(sqlite(88))))).toContain(
    "table schema_info: the app's rows have the same keys but other values",
  );
  await bench.copy(bench.write(sqlite(92)));
});

test("seeds are replaced and noted, also one that the source has no longer", async () => {
  await bench.schema(`
    CREATE TABLE experiments (id integer PRIMARY KEY, name text, made timestamptz DEFAULT now());
    INSERT INTO experiments (id, name) VALUES (0, 'Default'), (1, 'Sample');
    CREATE TABLE config_versions (name text PRIMARY KEY, experiment integer REFERENCES experiments); INSERT INTO config_versions VALUES ('a', 0)`);
  const { notes } = await bench.copy(
    bench.write(`
      CREATE TABLE experiments (id INTEGER PRIMARY KEY, name TEXT, made TEXT);
      INSERT INTO experiments VALUES (0, 'Default', '2020-01-01'), (2, 'Mine', '2024-01-01');
      CREATE TABLE config_versions (name TEXT PRIMARY KEY, experiment)`),
  );
  expect(notes.replacedRows).toEqual({ experiments: 1, config_versions: 1 });
  expect(await bench.query("SELECT name FROM experiments ORDER BY id")).toEqual([
    { name: "Default" },
    { name: "Mine" },
  ]);
});

test("nothing but the source's own rows is replaced unasked", async () => {
  const source = bench.write(
    "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'a'), (2, 'b')",
  );
  const same = { held: { same: { snapshots: "/backup" } } };
  await bench.schema("CREATE TABLE t (id integer PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a')");
  await bench.copy(source, [], [], same);
  await bench.query("UPDATE t SET v = 'changed' WHERE id = 1; INSERT INTO t VALUES (3, 'new')");
  const message = await refusalOf(bench.copy(source, [], [], same));
  expect(message).toContain(
    "table t: 3 rows, 2 differ from the source's, 1 have a key that the source lacks",
  );
});

describe("rows of an attempt before", () => {
  const source = "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'a')";
  const schema = `
    CREATE TABLE t (id integer PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'), (7, 'written here');
    CREATE TABLE notes (t integer REFERENCES t); INSERT INTO notes VALUES (1), (7), (NULL)`;
  const rules = [{ kind: "skip-table", table: "notes" }] as const;
  const rescue = (snapshots: string) =>
    ({ held: { rescue: { snapshots, attempt: 1, reach: "named" } } }) as const;

  test("are dumped and replaced, also where a table that is left alone refers to them", async () => {
    await bench.schema(schema);
    const snapshots = cleanup.folder();
    const { notes } = await bench.copy(bench.write(source), rules, [], rescue(snapshots));
    const folder = path.join(snapshots, "rescued-attempt-1");
    expect(notes.rescued).toBe(folder);
    expect(gunzipSync(fs.readFileSync(path.join(folder, "public.t.csv.gz"))).toString()).toContain(
      "7,written here",
    );
    expect(gunzipSync(fs.readFileSync(path.join(folder, "public.notes.csv.gz"))).toString()).toContain("7");
    // What refers to nothing any more goes with it.
    expect(await bench.query("SELECT t FROM notes ORDER BY 1")).toEqual([{ t: 1 }, { t: null }]);
  });

  test("stay when the copy fails, and no folder is left", async () => {
    await bench.schema(schema);
    const snapshots = cleanup.folder();
    const failing = bench.copy(bench.write(source), rules, [], {
      ...rescue(snapshots),
      requireSameSource: () => Promise.reject(new Error("changed")),
    });
    expect(await refusalOf(failing)).toContain("changed");
    expect(await bench.query("SELECT id FROM t ORDER BY 1")).toEqual([{ id: 1 }, { id: 7 }]);
    expect(fs.readdirSync(snapshots)).toEqual([]);
  });

  test("nobody writes between the dump and what replaces them", async () => {
    await bench.schema(schema);
    let outcome = "";
    await bench.copy(bench.write(source), rules, [], {
      ...rescue(cleanup.folder()),
      requireSameSource: async () => {
        outcome = await refusalOf(
          bench.query("SET lock_timeout = '100ms'; INSERT INTO t VALUES (8, 'in between')"),
        );
        await bench.query("RESET lock_timeout");
      },
    });
    expect(outcome).toContain("lock timeout");
  });

  test("a disk that is full fails the copy at once, with its folder named", async () => {
    const database = await Database.create(cleanup);
    await database.query(
      "CREATE TABLE t (v text); INSERT INTO t SELECT gen_random_uuid()::text FROM generate_series(1, 200000)",
    );
    const snapshots = cleanup.folder();
    // A file may not grow past 512 KiB in that process: as on a disk that is full, a write fails in the middle of a table.
    const root = path.resolve(__dirname, "../../..");
    const code = `
      const { Rescue } = require("${root}/migrator/ledger/rescue.ts");
      const { Client } = require("pg");
      (async () => {
        const client = new Client({ ssl: false });
        client.on("error", () => undefined);
        await client.connect();
        await client.query("BEGIN");
        try {
          await new Rescue().take(client, { snapshots: ${JSON.stringify(snapshots)}, attempt: 1, reach: "named" });
          console.log("taken");
        } catch (error) { console.log(error.message); }
        await client.query("ROLLBACK").catch(() => console.log("cut off"));
      })();`;
    const output = execFileSync(
      "bash",
      ["-c", 'ulimit -f 512; trap "" XFSZ; exec node --import tsx --no-warnings -e "$0"', code],
      { env: { PATH: process.env.PATH, ...database.environment }, cwd: root, timeout: 60_000 },
    ).toString();
    expect(output).toContain(`cannot dump the app's tables into ${snapshots}: EFBIG`);
    expect(output).toContain("cut off");
  }, 90_000);
});
