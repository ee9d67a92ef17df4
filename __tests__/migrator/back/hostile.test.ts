/** Source files that are made to do harm on their way back. */
import * as fs from "node:fs";
import * as path from "node:path";
import Libsql from "libsql";
import { Bench } from "../support/copying";
import { Cleanup } from "../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.create(cleanup);
});

/** A source whose trigger is followed by more statements, as only a changed file can hold them. */
function withTail(tail: string): string {
  const source = bench.write(`CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT);
    INSERT INTO t VALUES (1, 'a');
    CREATE TRIGGER named AFTER UPDATE ON t BEGIN SELECT 1; END`);
  const database = new Libsql(source);
  try {
    database.exec("PRAGMA writable_schema = ON");
    database.prepare("UPDATE sqlite_master SET sql = sql || ? WHERE type = 'trigger'").run([`; ${tail}`]);
  } finally {
    database.close();
  }
  return source;
}

test.each([
  ["writes another file", (file: string) => `COMMIT; ATTACH '${file}' AS o; CREATE TABLE o.x (a); BEGIN`],
  ["changes a row of the file", () => "UPDATE t SET name = 'harm'"],
])("what stands behind a trigger and %s is never run", async (_, tail) => {
  const outside = cleanup.folder();
  const source = withTail(tail(path.join(outside, "precious")));
  await bench.schema("CREATE TABLE t (id integer PRIMARY KEY, name text)");
  await bench.copy(source);
  await bench.query("INSERT INTO t VALUES (2, 'b')");
  const { file } = await bench.back(source);
  expect(fs.readdirSync(outside)).toEqual([]);
  const database = new Libsql(file);
  expect(database.prepare("SELECT id, name FROM t ORDER BY id").raw(true).all()).toEqual([
    [1, "a"],
    [2, "b"],
  ]);
  expect(database.prepare("SELECT sql FROM sqlite_master WHERE type = 'trigger'").raw(true).all()).toEqual([
    ["CREATE TRIGGER named AFTER UPDATE ON t BEGIN SELECT 1; END"],
  ]);
  database.close();
});
