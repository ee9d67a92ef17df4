/**
 * Damaged and crafted files with their journals and logs: what is copied and called verified is what another reader of SQLite
 * finds in them, everything else is refused, and nothing is touched outside.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import fc from "fast-check";
import Libsql from "libsql";
import { Failed, Refused } from "../../../migrator/base/errors";
import { Cleanup } from "../support";
import { Bench } from "../support/copying";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(7_200_000);

const cases = process.env.PGMOOR_THOROUGH ? 4000 : 40;
const suffixes = ["", "-journal", "-wal"] as const;
type Files = Partial<Record<(typeof suffixes)[number], Buffer>>;

/** What an app that was killed in mid-work leaves: with a journal to be rolled back, or with a log of which the last part is not committed. */
function filesOf(
  folder: string,
  { log, pageSize, rows }: { log: boolean; pageSize: number; rows: number },
): Files {
  const live = path.join(folder, "live.db");
  const database = new Libsql(live);
  database.exec(`PRAGMA page_size = ${pageSize}; PRAGMA synchronous = OFF; PRAGMA journal_mode = ${log ? "WAL" : "DELETE"};
    PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = 3; CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, n INTEGER, b BLOB);
    CREATE INDEX i ON t (n)`);
  const fill = (n: number) =>
    `WITH RECURSIVE k (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < ${rows})
     INSERT OR REPLACE INTO t SELECT i, printf('%.*c', i * 37 % 300, 'x'), i * ${n}, iif(i % 5 = 0, NULL, zeroblob(i * 91 % 900)) FROM k`;
  database.exec(fill(1));
  if (log) database.exec(`PRAGMA wal_checkpoint(TRUNCATE); ${fill(2)}`);
  database.exec(`BEGIN; ${fill(3)}`);
  const files: Files = {};
  for (const suffix of suffixes)
    if (fs.existsSync(live + suffix)) files[suffix] = fs.readFileSync(live + suffix);
  database.exec("ROLLBACK");
  database.close();
  for (const suffix of [...suffixes, "-shm"]) fs.rmSync(live + suffix, { force: true });
  return files;
}

const magic = Buffer.from("d9d505f920a163d7", "hex");

/** One change to one of the files, by numbers between 0 and 1. */
const change = fc.record({
  suffix: fc.constantFrom(...suffixes),
  kind: fc.constantFrom("byte", "number", "cut", "repeat", "exchange", "zero", "super"),
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  other: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff)),
  early: fc.boolean(),
});

function changed(bytes: Buffer, { kind, at, other, value, early }: Change, victim: string): Buffer {
  const copy = Buffer.from(bytes);
  // Most that matters is at the beginning of a file and of its pages.
  const place = Math.floor(at * (early ? Math.min(128, bytes.length) : bytes.length));
  const second = Math.floor((other * bytes.length) / 512) * 512;
  const page = Math.floor(place / 512) * 512;
  switch (kind) {
    case "byte":
      if (place < copy.length) copy[place] = value & 0xff;
      return copy;
    case "number":
      if (place + 4 <= copy.length) copy.writeUInt32BE(value >>> 0, place);
      return copy;
    case "cut":
      return copy.subarray(0, place);
    case "repeat":
      return Buffer.concat([copy, copy.subarray(page)]);
    case "exchange":
      bytes.copy(copy, page, second, second + 512);
      bytes.copy(copy, second, page, page + 512);
      return copy;
    case "zero":
      return copy.fill(0, page, Math.min(copy.length, page + 512));
    case "super": {
      const name = Buffer.from(victim);
      const end = Buffer.alloc(8);
      end.writeUInt32BE(name.length);
      end.writeUInt32BE(
        name.reduce((sum, byte) => sum + byte, 0),
        4,
      );
      return Buffer.concat([copy, Buffer.alloc(4), name, end, magic]);
    }
  }
}
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** Python's sqlite3. */
class OtherReader {
  private readonly waiting: ((line: string) => void)[] = [];
  private constructor(private readonly child: ChildProcess) {
    createInterface({ input: child.stdout! }).on("line", (line) => this.waiting.shift()!(line));
  }

  static start(): OtherReader | undefined {
    if (spawnSync("python3", ["-c", "import sqlite3"]).status !== 0) return undefined;
    const child = spawn("python3", [path.join(__dirname, "other-reader.py")], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    cleanup.add(() => child.kill());
    return new OtherReader(child);
  }

  async read(file: string): Promise<{ rows?: string[][]; error?: string }> {
    const line = new Promise<string>((resolve) => this.waiting.push(resolve));
    this.child.stdin!.write(`${file}\n`);
    return JSON.parse(await line) as { rows?: string[][]; error?: string };
  }
}

test(`${cases} files, changed at random: verified is what another reader finds, and nothing is touched outside`, async () => {
  const reader = OtherReader.start();
  if (reader === undefined) {
    console.log("skipped: no python3 with sqlite3 on PATH");
    return;
  }
  const bench = await Bench.create(cleanup);
  const folder = cleanup.folder();
  const outside = path.join(folder, "outside");
  fs.mkdirSync(outside);
  const victim = path.join(outside, "precious");
  fs.writeFileSync(victim, "not yours");
  const stateOutside = () =>
    fs.readdirSync(outside).map((name) => [name, fs.statSync(path.join(outside, name)).mtimeMs]);
  const before = stateOutside();
  const figures = { verified: 0, refused: 0, onlyWeRead: 0 };
  let number = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        log: fc.boolean(),
        pageSize: fc.constantFrom(512, 1024, 4096),
        rows: fc.integer({ min: 1, max: 60 }),
      }),
      fc.array(change, { maxLength: 4 }),
      async (shape, changes) => {
        const files = filesOf(folder, shape);
        for (const one of changes) {
          const bytes = files[one.suffix];
          if (bytes !== undefined) files[one.suffix] = changed(bytes, one, victim);
        }
        const [ours, theirs] = [bench.file(), path.join(folder, `${++number}.db`)];
        for (const suffix of suffixes)
          for (const file of [ours, theirs])
            if (files[suffix] !== undefined) fs.writeFileSync(file + suffix, files[suffix]);
        await bench.schema("CREATE TABLE t (id bigint PRIMARY KEY, v text, n bigint, b bytea)");
        const outcome = await bench.copy(ours).catch((error: unknown) => error);
        expect(stateOutside()).toEqual(before);
        if (outcome instanceof Error) {
          // Whatever is wrong with a file, it is said in words.
          if (!(outcome instanceof Refused || outcome instanceof Failed)) throw outcome;
          figures.refused++;
        } else {
          const found = await reader.read(theirs);
          const rows = await bench.query<{ row: string[] }>(
            `SELECT ARRAY[id::text, coalesce(upper(encode(convert_to(v, 'UTF8'), 'hex')), '-'), coalesce(n::text, '-'),
               coalesce(upper(encode(b, 'hex')), '-')] AS row FROM t ORDER BY id`,
          );
          if (found.rows === undefined) figures.onlyWeRead++;
          else {
            figures.verified++;
            // What is stored otherwise than its column says is the converters' matter.
            const expected = found.rows.map((row, place) =>
              row.map((cell, index) => (cell === "*" ? rows[place]?.row[index] : cell)),
            );
            expect(rows.map(({ row }) => row)).toEqual(expected);
          }
        }
        for (const suffix of [...suffixes, "-shm"])
          for (const file of [ours, theirs]) fs.rmSync(file + suffix, { force: true });
      },
    ),
    { numRuns: cases },
  );
  console.log(JSON.stringify(figures));
  expect(figures.verified).toBeGreaterThan(0);
});
