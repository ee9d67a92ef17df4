/** Files that are made to do harm, or that a killed app has left behind. */
import * as fs from "node:fs";
import * as path from "node:path";
import Libsql from "libsql";
import { SqliteDatabase } from "../../../migrator/sqlite/sqlite-database";
import { Cleanup, writeSqlite } from "../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

function newFolder() {
  const folder = cleanup.folder();
  return { file: path.join(folder, "scratch", "app.db"), other: path.join(folder, "other", "precious") };
}

/** A database with a journal that has to be rolled back, as a kill in mid-transaction leaves them: 0 is true, 1 is not. */
function writeInterrupted(file: string, rows = 2000): void {
  const live = `${file}.live`;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const database = new Libsql(live);
  database.exec(`PRAGMA page_size = 512; PRAGMA cache_size = 5; CREATE TABLE t (value, filling);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
    INSERT INTO t SELECT 0, zeroblob(50) FROM n`);
  // More pages than the cache holds: they are in the file before the commit.
  database.exec("BEGIN; UPDATE t SET value = 1");
  for (const suffix of ["", "-journal"]) fs.copyFileSync(live + suffix, file + suffix);
  database.exec("ROLLBACK");
  database.close();
  fs.rmSync(live);
}

/** Ends the journal as SQLite does in a transaction over several databases. */
function nameSuperJournal(file: string, name: string): void {
  const bytes = Buffer.from(name);
  const [page, end] = [Buffer.alloc(4), Buffer.alloc(8)];
  page.writeUInt32BE(1073741824 / 512 + 1);
  end.writeUInt32BE(bytes.length);
  end.writeUInt32BE(
    bytes.reduce((sum, byte) => sum + byte, 0),
    4,
  );
  const magic = Buffer.from("d9d505f920a163d7", "hex");
  fs.appendFileSync(`${file}-journal`, Buffer.concat([page, bytes, end, magic]));
}

const values = (source: SqliteDatabase) => {
  const [table] = source.tables();
  return new Set([...source.rows(table!, ["value"])].map(({ values: [value] }) => value));
};

describe("a journal that names a super-journal", () => {
  const refusal =
    /app\.db: its journal belongs to an interrupted transaction over several databases \(super-journal ".*"\)/;

  test("of a file of somebody else's: SQLite would delete it, we refuse", () => {
    const { file, other } = newFolder();
    fs.mkdirSync(path.dirname(other));
    fs.writeFileSync(other, "not yours");
    writeInterrupted(file);
    nameSuperJournal(file, other);
    const crafted = fs.readFileSync(`${file}-journal`);
    expect(() => SqliteDatabase.open(file, "app.db")).toThrow(refusal);
    expect(fs.readFileSync(other, "utf8")).toBe("not yours");
    expect(fs.readFileSync(`${file}-journal`).equals(crafted)).toBe(true);
    // What makes this a danger.
    const unconfined = new Libsql(file);
    expect(unconfined.prepare("SELECT DISTINCT value FROM t").raw().all()).toEqual([[0]]);
    unconfined.close();
    expect(fs.existsSync(other)).toBe(false);
  });

  test("of a genuine one that is not to be seen from here: what was never committed is not taken for the app's", () => {
    const { file } = newFolder();
    writeInterrupted(file);
    nameSuperJournal(file, "/data/app.db-mj4F2A9C01B");
    expect(() => SqliteDatabase.open(file, "app.db")).toThrow(refusal);
    expect(() => SqliteDatabase.open(file, "app.db")).toThrow(/Start the app once/);
    const unconfined = new Libsql(file);
    const found = unconfined.prepare("SELECT DISTINCT value FROM t").raw().all() as unknown[][];
    unconfined.close();
    expect(found.flat()).toContain(1);
  });

  test("a journal of its own is rolled back", () => {
    const { file } = newFolder();
    writeInterrupted(file);
    const source = SqliteDatabase.open(file, "app.db");
    expect(values(source)).toEqual(new Set([0n]));
    source.close();
  });
});

describe("names that are no text", () => {
  /** Replaces text in the file itself, by as many bytes. */
  function spoil(file: string, text: string, ...by: number[]): void {
    const bytes = fs.readFileSync(file);
    const at: number[] = [];
    for (let found = bytes.indexOf(text); found >= 0; found = bytes.indexOf(text, found + 1)) at.push(found);
    expect(at.length).toBeGreaterThan(0);
    for (const place of at) bytes.set(by, place);
    fs.writeFileSync(file, bytes);
  }

  test.each([
    ["table", "CREATE TABLE spoilt (a)", /the table "..oilt"/],
    ["column", "CREATE TABLE t (a, spoilt)", /column "..oilt" of the table "t"/],
    ["table of a view", "CREATE TABLE t (a); CREATE VIEW spoilt AS SELECT a FROM t", /the view "..oilt"/],
  ])("of a %s are named, and nothing aborts", (_, sql, message) => {
    const { file } = newFolder();
    writeSqlite(file, sql);
    spoil(file, "spoilt", 0xff, 0xfe);
    expect(() => SqliteDatabase.open(file, "app.db")).toThrow(message);
  });

  test("in values they are what they are", () => {
    const { file } = newFolder();
    writeSqlite(file, "CREATE TABLE t (a); INSERT INTO t VALUES ('spoilt')");
    spoil(file, "spoilt", 0xff, 0xfe);
    const source = SqliteDatabase.open(file, "app.db");
    const [row] = source.rows(source.tables()[0]!, ["a"]);
    expect(row!.values[0]).toEqual(Buffer.from([0xff, 0xfe, ...Buffer.from("oilt")]));
    source.close();
  });
});

test("a process that ends in mid-work is said, not followed", () => {
  const { file } = newFolder();
  writeSqlite(file, "CREATE TABLE t (a); INSERT INTO t VALUES ('x')");
  const source = SqliteDatabase.open(file, "app.db");
  // libsql ends the process on text that is not UTF-8.
  const [table] = source.tables();
  const ask = source.asking(table!, "*", "CAST(x'ff' AS TEXT) AS a");
  expect(() => ask({ from: 0n, rows: 1 })).toThrow(
    /^app\.db: table t: SQLite cannot read the file: its process ended \(SIGABRT\)\. The file is corrupt or malicious$/,
  );
  source.close();
});

test("a log or a file beside it that is a link or no file is not followed", () => {
  const { file, other } = newFolder();
  writeInterrupted(file);
  fs.mkdirSync(path.dirname(other));
  fs.renameSync(`${file}-journal`, other);
  fs.symlinkSync(other, `${file}-journal`);
  expect(() => SqliteDatabase.open(file, "app.db")).toThrow(/ELOOP|a symbolic link/);
});

describe("what the app's SQLite has and ours has not", () => {
  /** Changes the schema in the file itself, as only the app's own SQLite could write it. */
  function rewrite(file: string, ...changes: string[]): void {
    const database = new Libsql(file);
    database.exec("PRAGMA writable_schema = ON");
    for (const change of changes) database.exec(change);
    database.close();
  }

  const described = (source: SqliteDatabase) =>
    source.tables().map(({ name, unreadable = "readable" }) => [name, unreadable]);

  test("a collation: tables with rowids are read, others are named", () => {
    const { file } = newFolder();
    writeSqlite(
      file,
      `CREATE TABLE a (id INTEGER PRIMARY KEY, n TEXT COLLATE NOCASE UNIQUE); INSERT INTO a (n) VALUES ('x'), ('y');
       CREATE INDEX i ON a (n COLLATE NOCASE);
       CREATE TABLE w (k TEXT COLLATE NOCASE PRIMARY KEY) WITHOUT ROWID; CREATE TABLE plain (v)`,
    );
    rewrite(file, "UPDATE sqlite_master SET sql = replace(sql, 'NOCASE', 'naturally')");
    const source = SqliteDatabase.open(file, "app.db");
    expect(described(source)).toEqual([
      ["a", "readable"],
      ["plain", "readable"],
      ["w", "no such collation sequence: naturally"],
    ]);
    const rows = [...source.rows(source.tables()[0]!, ["id", "n"])].map(({ values: row }) => row);
    expect(rows).toEqual([
      [1n, Buffer.from("x")],
      [2n, Buffer.from("y")],
    ]);
    source.close();
  });

  test("modules and tokenizers: their tables are named, the others read", () => {
    const { file } = newFolder();
    writeSqlite(
      file,
      "CREATE TABLE plain (v); INSERT INTO plain VALUES (7); CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f VALUES ('x')",
    );
    rewrite(
      file,
      "UPDATE sqlite_master SET sql = 'CREATE VIRTUAL TABLE f USING fts5(a, tokenize = ''icu'')' WHERE name = 'f'",
      "INSERT INTO sqlite_master VALUES ('table', 's', 's', 0, 'CREATE VIRTUAL TABLE s USING spellfix1')",
    );
    const source = SqliteDatabase.open(file, "app.db");
    expect(described(source)).toEqual([
      ["f", "no such tokenizer: icu"],
      ["plain", "readable"],
      ["s", "no such module: spellfix1"],
    ]);
    source.close();
  });

  test("two tables whose names were exchanged in the schema are refused", () => {
    const { file } = newFolder();
    writeSqlite(file, "CREATE TABLE one (v); CREATE TABLE two (v)");
    rewrite(file, "UPDATE sqlite_master SET name = iif(name = 'one', 'two', 'one')");
    expect(() => SqliteDatabase.open(file, "app.db")).toThrow("malformed database schema");
  });
});
