import * as fs from "node:fs";
import * as path from "node:path";
import { ConfinedDatabase } from "../../../../migrator/sqlite/confined/database";
import { confinements } from "../../../../migrator/sqlite/confined/confine";
import { SqliteProcess } from "../../../../migrator/sqlite/confined/process";
import { Cleanup } from "../../support";

const cleanup = new Cleanup();
const environment = { ...process.env };
afterEach(() => {
  process.env.PATH = environment.PATH;
});
afterAll(() => cleanup.run());

function newFolder() {
  const folder = cleanup.folder();
  const [scratch, outside] = [path.join(folder, "scratch"), path.join(folder, "outside")];
  for (const each of [scratch, outside]) fs.mkdirSync(each);
  cleanup.add(() => SqliteProcess.endIn(scratch));
  return { scratch, outside };
}

/** Where there is no Perl, there is no Landlock for us. */
const ways = confinements("/").map(({ name }, index) => [name, index === 0 ? environment.PATH : "/nowhere"]);

describe.each(ways)("confined by %s", (name, PATH) => {
  test("SQLite writes in its folder and nowhere else", () => {
    process.env.PATH = PATH;
    const { scratch, outside } = newFolder();
    // As much as file permissions can allow.
    if (name === "Landlock") fs.chmodSync(outside, 0o777);
    fs.chmodSync(path.dirname(scratch), 0o755);
    const database = new ConfinedDatabase(path.join(scratch, "a.db"));
    database.exec("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    database.exec(`VACUUM INTO '${scratch}/copy.db'`);
    for (const sql of [
      `VACUUM INTO '${outside}/copy.db'`,
      `ATTACH '${outside}/other.db' AS o; CREATE TABLE o.t (a)`,
    ])
      expect(() => database.exec(sql)).toThrow(/unable to open|readonly/);
    expect(database.prepare("SELECT a FROM t").all()).toEqual([{ a: 1 }]);
    expect(fs.readdirSync(outside)).toEqual([]);
    expect(fs.readdirSync(scratch).sort()).toEqual(["a.db", "copy.db"]);
    database.close();
  });
});

test("where nothing can confine SQLite, nothing is opened", () => {
  const { scratch } = newFolder();
  process.env.PATH = "/nowhere";
  const user = jest.spyOn(process, "getuid").mockReturnValue(1000);
  try {
    expect(() => new ConfinedDatabase(path.join(scratch, "a.db"))).toThrow(
      /only in a process that can write to nothing but its scratch folder\. It cannot start one here \(Landlock: .*ENOENT.*or run as root$/s,
    );
  } finally {
    user.mockRestore();
  }
  expect(fs.readdirSync(scratch)).toEqual([]);
});

test("rows come one by one, and statements by turns", () => {
  const { scratch } = newFolder();
  const database = new ConfinedDatabase(path.join(scratch, "a.db"));
  database.exec("CREATE TABLE t (a, b); BEGIN");
  const insert = database.prepare("INSERT INTO t VALUES (?, zeroblob(?))");
  for (let a = 0n; a < 1500n; a++) insert.run(a, a);
  database.exec("COMMIT");
  const rows = database.prepare("SELECT a, b FROM t ORDER BY a", { raw: true, bigints: true });
  const other = database.prepare("SELECT count(*) AS count FROM t WHERE a < :most");
  let next = 0n;
  for (const [a, b] of rows.iterate() as Generator<[bigint, Buffer]>) {
    expect([a, b.length]).toEqual([next, Number(next)]);
    if (a % 500n === 0n) expect(other.get({ most: a })).toMatchObject({ count: Number(a) });
    next++;
  }
  expect(next).toBe(1500n);
  // Left in the middle.
  for (const [a] of rows.iterate() as Generator<[bigint]>) if (a === 700n) break;
  expect(other.get({ most: 9 })).toMatchObject({ count: 9 });
  expect(() => database.prepare("SELECT no_such_thing").get()).toThrow("no such column: no_such_thing");
  database.close();
});

test("without a database that is open, the process ends", async () => {
  const { scratch } = newFolder();
  const database = new ConfinedDatabase(path.join(scratch, "a.db"));
  const running = SqliteProcess.in(scratch);
  database.close();
  const again = new ConfinedDatabase(path.join(scratch, "a.db"));
  expect(SqliteProcess.in(scratch)).toBe(running);
  again.close();
  const deadline = performance.now() + 20_000;
  while (SqliteProcess.in(scratch) === running && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 200));
  expect(SqliteProcess.in(scratch)).not.toBe(running);
});
