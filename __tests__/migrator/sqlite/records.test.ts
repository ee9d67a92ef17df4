import * as fs from "node:fs";
import * as path from "node:path";
import fc from "fast-check";
import Libsql from "libsql";
import { Refused } from "../../../migrator/base/errors";
import { pieceBytes, Records } from "../../../migrator/sqlite/records";
import { SqliteDatabase } from "../../../migrator/sqlite/sqlite-database";
import { Cleanup, writeSqlite } from "../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(600_000);

const cases = process.env.PGMOOR_THOROUGH ? 1000 : 60;
const folder = cleanup.folder();
let files = 0;
const newFile = () => path.join(folder, `${++files}.db`);

/** Lengths at which SQLite puts a row into another number of pages, and others. */
const length = fc.oneof(
  fc.nat(300),
  fc.nat(20_000),
  fc.constantFrom(438, 439, 477, 478, 3960, 4056, 4057, 4061, 4062, 8150, 65_501, 65_502),
  fc.constantFrom(pieceBytes - 1, pieceBytes, pieceBytes + 1, 3 * pieceBytes + 7),
);

test(`${cases} random files: every text and blob is where SQLite says`, () => {
  fc.assert(
    fc.property(
      fc.constantFrom(512, 1024, 4096, 65_536),
      fc.constantFrom("UTF-8", "UTF-16le"),
      fc.constantFrom("NONE", "FULL"),
      fc.integer({ min: 0, max: 130 }),
      fc.array(fc.tuple(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), length, length), {
        minLength: 1,
        maxLength: 40,
      }),
      (pageSize, encoding, vacuum, narrow, rows) => {
        const file = newFile();
        const database = new Libsql(file);
        database.exec(`PRAGMA page_size = ${pageSize}; PRAGMA encoding = '${encoding}'; PRAGMA auto_vacuum = ${vacuum};
          PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF`);
        const columns = Array.from({ length: narrow }, (_, index) => `n${index} DEFAULT ${index}`);
        const virtual = "v AS (1) VIRTUAL, s AS (2) STORED";
        database.exec(
          `CREATE TABLE t (${[...columns, virtual, "id INTEGER PRIMARY KEY", "a", "b"].join(", ")})`,
        );
        const insert = database.prepare(
          "INSERT OR REPLACE INTO t (id, a, b) VALUES (?, randomblob(?), hex(randomblob(?)))",
        );
        for (const [id, a, b] of rows) insert.run([id, a, b >> 1]);
        // Pages that have become free are used again, in another order.
        database.exec("DELETE FROM t WHERE abs(id % 3) = 1 AND id <> (SELECT max(id) FROM t)");
        for (const [id, a, b] of rows) if (id % 3n === 1n) insert.run([id, b, a >> 1]);
        database.close();
        const source = SqliteDatabase.open(file, "app.db");
        const { root, columns: described } = source.tables()[0]!;
        const place = (name: string) => described.find((column) => column.name === name)!.place;
        expect(place("v")).toBeUndefined();
        const reader = new Libsql(file);
        const found = reader
          .prepare("SELECT id, a, CAST(b AS BLOB) FROM t ORDER BY id")
          .safeIntegers(true)
          .raw()
          .all() as [bigint, Buffer, Buffer][];
        for (const [id, a, b] of found)
          for (const [name, bytes, storage] of [["a", a, "b"] as const, ["b", b, "t"] as const]) {
            const value = source.records.value(root, id, place(name)!);
            expect(value).toMatchObject({ storage, bytes: bytes.length });
            const pieces = [...value!.pieces()];
            expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
            expect(pieces.every((piece) => piece.length <= pieceBytes)).toBe(true);
          }
        expect(source.records.value(root, (found.at(-1)![0] + 1n) & 0xffffn, 500)).toBeUndefined();
        reader.close();
        source.close();
      },
    ),
    { numRuns: cases },
  );
});

test("what is in an unmerged log is there", () => {
  const file = newFile();
  writeSqlite(
    file,
    "CREATE TABLE t (v); INSERT INTO t VALUES (zeroblob(100000))",
    "UPDATE t SET v = replace(hex(v), '0', 'x'); INSERT INTO t VALUES ('new')",
  );
  const source = SqliteDatabase.open(file, "app.db");
  const read = (rowid: bigint) => {
    const pieces = source.records.value(source.tables()[0]!.root, rowid, 0)?.pieces() ?? [];
    return Buffer.concat([...pieces]).toString();
  };
  expect(read(1n)).toBe("x".repeat(200_000));
  expect(read(2n)).toBe("new");
  source.close();
});

test("pieces of two values may be read by turns", () => {
  const file = newFile();
  writeSqlite(file, "CREATE TABLE t (v); INSERT INTO t VALUES (randomblob(500000)), (randomblob(500000))");
  const records = new Records(file);
  const source = SqliteDatabase.open(file, "app.db");
  const { root } = source.tables()[0]!;
  source.close();
  const [one, other] = [1n, 2n].map((id) => records.value(root, id, 0)!);
  const apart = [...one!.pieces()];
  const turns = other!.pieces();
  const together: Buffer[] = [];
  for (const piece of one!.pieces()) {
    together.push(piece);
    turns.next();
  }
  records.close();
  expect(Buffer.concat(together).equals(Buffer.concat(apart))).toBe(true);
});

test("the rows of a damaged table without a rowid come to an end, or are refused", () => {
  const pageSize = 512;
  const file = newFile();
  writeSqlite(
    file,
    `PRAGMA page_size = ${pageSize}; CREATE TABLE t (k TEXT PRIMARY KEY, v) WITHOUT ROWID;
     WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
     INSERT INTO t SELECT 'key ' || i, hex(zeroblob(i * 7 % 700)) FROM n`,
  );
  const source = SqliteDatabase.open(file, "app.db");
  const { root } = source.tables()[0]!;
  source.close();
  const sound = fs.readFileSync(file);
  const anywhere = fc.nat(sound.length - 1);
  const inHeaders = fc
    .tuple(fc.integer({ min: 1, max: sound.length / pageSize - 1 }), fc.nat(20))
    .map(([page, at]) => page * pageSize + at);
  let refused = 0;
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(fc.oneof(anywhere, inHeaders), fc.oneof(fc.nat(255), fc.constantFrom(0, 2, 10, 255))),
        {
          minLength: 1,
          maxLength: 8,
        },
      ),
      (changes) => {
        const bytes = Buffer.from(sound);
        for (const [at, byte] of changes) if (at >= 100) bytes[at] = byte;
        const damaged = newFile();
        fs.writeFileSync(damaged, bytes);
        const records = new Records(damaged);
        let rows = 0;
        try {
          for (const row = records.rowsByKey(root); row.next(); rows++) {
            if (row.record === undefined) continue;
            expect(row.start).toBeLessThanOrEqual(row.end);
            expect(row.end).toBeLessThanOrEqual(row.record.length);
          }
        } catch (error) {
          if (!(error instanceof Refused)) throw error;
          refused++;
        } finally {
          records.close();
          fs.rmSync(damaged);
        }
        expect(rows).toBeLessThan(sound.length);
      },
    ),
    { numRuns: 2 * cases },
  );
  expect(refused).toBeGreaterThan(cases / 10);
});

test("rows that share their pages are refused: a small file does not become a large table", () => {
  const file = newFile();
  // Of one length but for whole pages: their first bytes lie alike.
  const [long, short, rows, restOfPage] = [8000, 8000 - 14 * 508, 100, 508];
  writeSqlite(
    file,
    `PRAGMA page_size = 512; CREATE TABLE t (id INTEGER PRIMARY KEY, v);
     WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
     INSERT INTO t SELECT i, substr(hex(zeroblob(${long})), 1, iif(i = 1, ${long}, ${short})) FROM n`,
  );
  const bytes = fs.readFileSync(file);
  const varint = (number: number) => [(number >> 7) | 0x80, number & 0x7f];
  const head = (id: number, length: number) =>
    Buffer.from([...varint(4 + length), id, 4, 0, ...varint(2 * length + 13)]);
  const inPage = 39 + ((4 + long - 39) % restOfPage);
  const overflow = (cell: number) => cell + 3 + inPage;
  const first = bytes.indexOf(head(1, long));
  expect(first).toBeGreaterThan(0);
  for (let id = 2; id <= rows; id++) {
    const cell = bytes.indexOf(head(id, short));
    expect(cell).toBeGreaterThan(0);
    head(id, long).copy(bytes, cell);
    bytes.copy(bytes, overflow(cell), overflow(first), overflow(first) + 4);
  }
  fs.writeFileSync(file, bytes);
  const records = new Records(file);
  const row = records.rows(2);
  row.seek(0n);
  let read = 0;
  expect(() => {
    while (row.next()) read++;
  }).toThrow("a table has more pages than the file");
  expect(read).toBeGreaterThan(1);
  records.close();
});
