import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import Libsql from "libsql";
import { seedSpeedtest, seedVaultwarden } from "../../../lab/samples/seed";

let folder: string;

beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), "pgmoor-seed-test-"));
});

afterEach(() => fs.rm(folder, { recursive: true, force: true }));

test("a third of the vault is in the write-ahead log only", async () => {
  const file = await seedVaultwarden(folder);
  expect((await fs.readdir(folder)).sort()).toEqual(["db.sqlite3", "db.sqlite3-wal"]);
  const withoutLog = path.join(folder, "copy");
  await fs.copyFile(file, withoutLog);
  expect(rows(withoutLog, "SELECT count(*) AS n FROM ciphers")).toEqual([{ n: 200 }]);
  expect(rows(file, "SELECT count(*) AS n FROM ciphers")).toEqual([{ n: 300 }]);
  const awkward = "SELECT count(*) > 20 AS many FROM ciphers WHERE notes LIKE ";
  for (const text of ["\t", "\n", "\\", "🔐"])
    expect(rows(file, `${awkward}'%${text}%'`)).toEqual([{ many: 1 }]);
});

test("the speedtest database has 10,000 results", async () => {
  const file = await seedSpeedtest(folder);
  expect(rows(file, "SELECT count(*) AS n, sum(ping IS NULL) AS failed FROM results")).toEqual([
    { n: 10_000, failed: 103 },
  ]);
});

test("the data is the same every time", async () => {
  const [first, second] = [path.join(folder, "1"), path.join(folder, "2")];
  const dumps = [];
  for (const at of [first, second]) {
    await fs.mkdir(at);
    dumps.push({
      ciphers: rows(await seedVaultwarden(at), "SELECT * FROM ciphers ORDER BY rowid"),
      results: rows(await seedSpeedtest(at), "SELECT * FROM results ORDER BY id"),
    });
  }
  expect(dumps[0]).toEqual(dumps[1]);
});

function rows(file: string, sql: string): unknown[] {
  const database = new Libsql(file);
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}
