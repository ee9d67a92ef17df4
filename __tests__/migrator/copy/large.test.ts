import { createHash } from "node:crypto";
import { Refused } from "../../../migrator/base/errors";
import { lineLimit, tooLong } from "../../../migrator/copy/large-line";
import type { Rule } from "../../../services/rules";
import { Bench } from "../support/copying";
import { Cleanup } from "../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(600_000);

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.create(cleanup);
});

/** Text of about 800,000 bytes in which everything comes that is escaped, and characters of one to four bytes. */
const text = `replace(hex(zeroblob(20000)), '0', 'a\\bé€😀' || char(9, 10, 13, 8, 12, 11, 92))`;
const written = "a\\bé€😀\t\n\r\b\f\v\\".repeat(40_000);
const md5 = (value: string | Buffer) => createHash("md5").update(value).digest("hex");

test.each(["UTF-8", "UTF-16le", "UTF-16be"])(
  "large values of every kind go over whole, and back, from %s",
  async (encoding) => {
    await bench.schema(
      `CREATE TABLE t (id integer, a text, b varchar(4000000), c char(4000000), d bytea, e bytea, f json, g float8,
                     n integer GENERATED ALWAYS AS (length(a)) STORED, h text GENERATED ALWAYS AS (a) STORED)`,
    );
    const file = bench.write(
      `PRAGMA encoding = '${encoding}'; CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c, d, e, f, g, n AS (length(a)), h AS (a) STORED);
     INSERT INTO t (id, a, b, c, d, e, f, g) VALUES (1, 'small', 'x', '', x'00', '', '{}', 0.1);
     INSERT INTO t (id, a, b, c, d, e, f, g) SELECT 2, ${text}, ${text}, ${text} || 'x', randomblob(3000000), ${text}, '{"a": "' || hex(zeroblob(600000)) || '"}', 1e300;
     INSERT INTO t (id, a, b) VALUES (3, 'after', NULL);`,
      "UPDATE t SET d = randomblob(2500001) WHERE id = 2",
    );
    await bench.copy(file);
    const found = await bench.query(
      `SELECT md5(a) AS a, md5(b) AS b, md5(rtrim(c::text, ' ')) AS c, length(c) AS "of c", length(d) AS d, md5(e) AS e, n, a = h AS h FROM t WHERE id = 2`,
    );
    const same = md5(written);
    expect(found).toEqual([
      {
        a: same,
        b: same,
        c: md5(`${written}x`),
        "of c": 40_000 * 13 + 1,
        d: 2_500_001,
        e: same,
        n: 40_000 * 13,
        h: true,
      },
    ]);
    expect(await bench.query("SELECT id, a FROM t WHERE id <> 2 ORDER BY id")).toEqual([
      { id: 1, a: "small" },
      { id: 3, a: "after" },
    ]);
    const back = await bench.back(file);
    expect(back.tables).toMatchObject([{ rows: 3, kept: 3, changed: 0, added: 0, removed: 0 }]);
  },
);

test("a database in another encoding holds large texts in fewer bytes than UTF-8", async () => {
  const latin1 = await Bench.create(cleanup, "LATIN1");
  await latin1.schema("CREATE TABLE t (id integer PRIMARY KEY, a text, b varchar(2000000), c char(1100000))");
  const letters = (count: number) => `replace(hex(zeroblob(${count})), '00', 'é')`;
  await latin1.copy(
    latin1.write(
      `CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c);
       INSERT INTO t (a, b, c) VALUES (${letters(700_000)}, ${letters(1_500_000)}, ${letters(600_000)})`,
    ),
  );
  const found = await latin1.query(
    "SELECT length(a) AS a, octet_length(b) AS b, length(rtrim(c::text, ' ')) AS c FROM t",
  );
  expect(found).toEqual([{ a: 700_000, b: 1_500_000, c: 600_000 }]);
});

test("large values that do not fit are named, every one, and nothing is changed", async () => {
  const schema =
    "CREATE TABLE t (id integer, a text, b varchar(2000000), d bytea, i integer, j timestamp, k jsonb); INSERT INTO t (id) VALUES (-7)";
  const long = "replace(hex(zeroblob(1500000)), '00', 'x')";
  const sqlite = `CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, d, i, j, k);
    INSERT INTO t (a) VALUES (CAST(${long} || ${long} || x'e282' AS TEXT)), (${long} || char(0) || ${long}), (zeroblob(3000000));
    INSERT INTO t (b) VALUES (${long} || ${long}); INSERT INTO t (i) VALUES (${long} || ${long}); INSERT INTO t (j) VALUES (zeroblob(3000000));
    INSERT INTO t (a, d, k) VALUES ('fits', zeroblob(3000000), '{'); INSERT INTO t (a, i) VALUES (${long} || ${long}, 7)`;
  await bench.schema(schema);
  const file = bench.write(sqlite);
  const error: unknown = await bench.copy(file).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Refused);
  const lines = (error as Refused).message
    .split("\n")
    .flatMap((line) => /t\.[^(]*[^ (]/.exec(line)?.[0] ?? []);
  expect(lines.filter((line) => line.includes("rowid"))).toEqual([
    "t.a, rowid 1: text that is not valid UTF-8",
    "t.a, rowid 2: text with a NUL character",
    "t.a, rowid 3: blob in a column of type text",
    "t.b, rowid 4: text longer than character varying",
    "t.i, rowid 5: text in a column of type integer",
    "t.j, rowid 6: blob in a column of type timestamp without time zone",
    "t.k, rowid 7: text that PostgreSQL cannot parse as jsonb",
  ]);
  expect(await bench.query("SELECT id, a FROM t")).toEqual([{ id: -7, a: null }]);

  const rules: Rule[] = [
    ...["b", "i", "j", "k"].map((column) => ({ kind: "skip-row", table: "t", column }) as const),
    { kind: "cast", table: "t", column: "a", as: "utf8" },
    { kind: "default", table: "t", column: "a", value: "instead" },
  ];
  const copied = await bench.copy(file, rules);
  expect(copied.rules.map(({ applied }) => applied)).toEqual([1, 1, 1, 1, 0, 3]);
  expect(await bench.query("SELECT id, length(a) AS a FROM t ORDER BY id")).toEqual([
    ...[1, 2, 3].map((id) => ({ id, a: "instead".length })),
    { id: 8, a: 3_000_000 },
  ]);
});

test("a line that PostgreSQL could not hold is the fault of its largest field", () => {
  const field = (bytes: number) => ({
    text: { bytes, pieces: () => [] },
    binary: { bytes, pieces: () => [] },
  });
  expect(tooLong(["1", field(lineLimit - 3)])).toBeUndefined();
  expect(tooLong(["1", field(lineLimit - 2)])).toBe(1);
  expect(tooLong(["1", field(6e8), "", field(5e8)])).toBe(1);
});

(process.env.PGMOOR_THOROUGH ? test : test.skip)(
  "a blob that PostgreSQL could not print is named, and the largest that it can goes over (skipped without PGMOOR_THOROUGH: gigabytes)",
  async () => {
    await bench.schema("CREATE TABLE t (v bytea); ALTER TABLE t ALTER v SET STORAGE EXTERNAL");
    const largest = (lineLimit - "\\\\x\n".length) / 2;
    await expect(
      bench.copy(bench.write(`CREATE TABLE t (v); INSERT INTO t VALUES (zeroblob(${largest + 1}))`)),
    ).rejects.toThrow("t.v, rowid 1: value that makes its row longer than PostgreSQL's limit of 1 GiB");
    await bench.copy(bench.write(`CREATE TABLE t (v); INSERT INTO t VALUES (zeroblob(${largest}))`));
    expect(await bench.query("SELECT length(v) AS v FROM t")).toEqual([{ v: largest }]);
  },
);

test("what the server refuses of a row in pieces names the row", async () => {
  await bench.schema("CREATE TABLE t (a text PRIMARY KEY)");
  const file = bench.write("CREATE TABLE t (a); INSERT INTO t VALUES ('x'), (hex(randomblob(2000000)))");
  await expect(bench.copy(file)).rejects.toThrow(
    "t.(row), rowid 2: value that the server rejects (SQLSTATE 54000)",
  );
});

test("a row that does not fit into a page is refused, and no other is blamed for it", async () => {
  const names = Array.from({ length: 1100 }, (_, index) => `c${index}`);
  await bench.schema(`CREATE TABLE t (id bigint, ${names.map((name) => `${name} bigint`).join(", ")})`);
  const columns = ["id", ...names].join(", ");
  const values = names.map(() => "iif(i = 5, i, NULL)").join(", ");
  const file = bench.write(
    `CREATE TABLE t (${columns});
     WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30) INSERT INTO t SELECT i, ${values} FROM n`,
  );
  await expect(bench.copy(file)).rejects.toThrow(
    "t.(row), one of its rows: value that the server rejects (SQLSTATE 54000)",
  );
});
