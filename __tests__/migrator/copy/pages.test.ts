import * as fs from "node:fs";
import * as path from "node:path";
import fc from "fast-check";
import Libsql from "libsql";
import { converterFor } from "../../../migrator/values/convert";
import { isStored, type Value } from "../../../migrator/copy/large-rows";
import { Misfit } from "../../../migrator/values/misfit";
import { pages } from "../../../migrator/copy/pages";
import type { TablePlan } from "../../../migrator/copy/copy-plan";
import { SqliteDatabase } from "../../../migrator/sqlite/sqlite-database";
import { type Storage } from "../../../migrator/sqlite/storage";
import type { TargetColumn } from "../../../migrator/server/target";
import { Cleanup, writeSqlite } from "../support";
import { rowForm } from "../../../migrator/copy/row-form";
import { printedTuples } from "./printed-tuples";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(600_000);

const cases = process.env.PGMOOR_THOROUGH ? 5000 : 100;
const folder = cleanup.folder();
let files = 0;
const newFile = () => path.join(folder, `${++files}.db`);

/** What PostgreSQL keeps of numeric(precision, scale). */
const numericModifier = (precision: number, scale: number) => ((precision << 16) | (scale & 0x7ff)) + 4;

/** A column of the target as PostgreSQL describes it. */
function column(name: string, type: string, modifier = -1, notNull = false): TargetColumn {
  const rest = {
    castable: type,
    described: type,
    filled: false,
    generated: false,
    isArray: false,
    isEnum: false,
  };
  return { name, type, modifier, notNull, ...rest };
}

/** Opens a file; its only table goes into columns of the same names. */
function open(file: string, columns: readonly TargetColumn[]): { source: SqliteDatabase; plan: TablePlan } {
  const source = SqliteDatabase.open(file, "app.db");
  const table = source.tables()[0]!;
  const target = {
    oid: 1,
    schema: "public",
    name: "t",
    qualified: "t",
    ownRows: "t",
    partitioned: false,
    primaryKey: [],
    columns,
  };
  const planned = columns.map((one) => ({
    source: one.name,
    target: one,
    converter: converterFor(one, source.encoding, []),
  }));
  return { source, plan: { source: table, target, columns: planned } };
}

const columnsOf = (plan: TablePlan) => plan.columns.map(({ target }) => target);

/** The lines that the converters make of a page; `undefined` when a value does not fit. */
function converted(
  plan: TablePlan,
  rows: Iterable<{ storages: string; values: readonly Value[] }>,
  tally = { roundedFractions: 0, assumedUtc: 0 },
) {
  let lines = "";
  try {
    for (const { storages, values } of rows) {
      const fields = plan.columns.map(({ target, converter }, index) => {
        const value = values[index] ?? null;
        if (isStored(value)) return String(Buffer.concat([...converter.large.convert(value).text.pieces()]));
        if (value !== null) return converter.convert(storages[index] as Storage, value, tally);
        if (target.notNull) throw new Misfit("NULL");
        return "\\N";
      });
      lines += `${fields.join("\t")}\n`;
    }
  } catch (error) {
    if (error instanceof Misfit) return undefined;
    throw error;
  }
  return lines;
}

describe("the short way and the converters", () => {
  type Value = bigint | number | Buffer | string | null;
  const character = fc.constantFrom(..."ab 0\\\"'/\t\n\r\b\f\v\u0001\u007fé€😀", "\u2028");
  const words = fc.string({ unit: character, maxLength: 6 });
  const integers = fc.oneof(
    fc.integer({ min: -9, max: 9 }).map(BigInt),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    ...[15n, 31n, 53n, 63n].map((bits) => fc.constantFrom(-(2n ** bits), 2n ** bits - 1n)),
  );
  const two = (n: number) => String(n).padStart(2, "0");
  const days = fc
    .tuple(fc.constantFrom("0000", "0001", "1900", "2000", "2023", "2024", "9999"), fc.nat(13), fc.nat(32))
    .map(([year, month, day]) => `${year}-${two(month)}-${two(day)}`);
  const sensibleDays = fc.date({
    min: new Date("0001-01-01"),
    max: new Date("9999-12-31"),
    noInvalidDate: true,
  });
  const fraction = fc.oneof(
    fc.constantFrom("", ".0", ".000", ".5", ".120", ".123456", ".123456000", ".1234567", ".", "..0", ".5."),
    fc.nat(999).map((n) => `.${String(n).padStart(3, "0")}`),
  );
  const clocks = fc
    .tuple(fc.nat(24), fc.nat(60), fc.nat(60), fraction)
    .map(([h, m, s, f]) => `${two(h)}:${two(m)}:${two(s)}${f}`);
  const moments = fc
    .tuple(
      fc.oneof(
        days,
        sensibleDays.map((day) => day.toISOString().slice(0, 10)),
      ),
      fc.constantFrom(" ", "T", " ", "  "),
      fc.oneof(
        clocks,
        sensibleDays.map((day) => day.toISOString().slice(11, 19)),
      ),
      fc.constantFrom("", "", "", "Z", " Z", "+00:00", " +00:00", "+00", "+01:00", "z"),
    )
    .map((parts) => parts.join(""));
  const odd: fc.Arbitrary<Value> = fc.oneof(
    fc.constantFrom<Value>(
      ...[1.5, -0, 3, 1e300, Infinity, "\\N", "null", '"', "[1]", "", "a\0b", "\0", "1", "-0", "007", "t"],
      // JSON in SQLite's binary form: null, and an array.
      ...["00", "0b31", "ff", ""].map((hex) => Buffer.from(hex, "hex")),
    ),
    fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
    words,
    integers,
  );
  const notUtf8: Value[] = ["ff41", "c3", "eda080"].map((hex) => Buffer.from(`text:${hex}`));
  const mostly = <T>(arbitrary: fc.Arbitrary<T>, otherwise: fc.Arbitrary<T>) =>
    fc.oneof({ arbitrary, weight: 9 }, { arbitrary: otherwise, weight: 1 });
  const usual: Record<string, fc.Arbitrary<Value>> = {
    int2: mostly(fc.integer({ min: -32_768, max: 32_767 }).map(BigInt), integers),
    int4: mostly(fc.integer().map(BigInt), integers),
    int8: integers,
    bool: fc.constantFrom(0n, 1n),
    numeric: mostly(fc.integer({ min: -999, max: 999 }).map(BigInt), integers),
    float4: mostly<Value>(fc.float({ noNaN: true }), integers),
    float8: mostly<Value>(fc.double({ noNaN: true }), integers),
    text: mostly(words, fc.constantFrom(...[300, 5000].map((count) => "ü\n".repeat(count)))),
    varchar: mostly(fc.string({ unit: character, maxLength: 3 }), words),
    bpchar: mostly(fc.constantFrom("", "a", "é", "\\", "\n"), words),
    name: words,
    bytea: fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
    timestamp: moments,
    timestamptz: moments,
    date: fc.oneof(
      days,
      sensibleDays.map((day) => day.toISOString().slice(0, 10)),
    ),
    time: clocks,
    uuid: fc.uuid().chain((id) => fc.constantFrom(id, id.toUpperCase(), id.replaceAll("-", ""))),
  };
  const modifiers: Record<string, number[]> = {
    numeric: [
      -1,
      numericModifier(8, 2),
      numericModifier(20, 0),
      numericModifier(3, 5),
      numericModifier(5, -2),
    ],
    varchar: [-1, 4 + 3],
    bpchar: [-1, 4 + 1, 4 + 4],
    timestamp: [-1, 0, 3],
    timestamptz: [-1, 0, 3],
    time: [-1, 0, 3],
  };
  const kinds = fc.constantFrom(...Object.keys(usual)).chain((type) =>
    fc.record({
      type: fc.constant(type),
      modifier: fc.constantFrom(...(modifiers[type] ?? [-1])),
      notNull: fc.boolean(),
      oddness: fc.constantFrom(0, 0, 1),
      declared: fc.constantFrom(
        "",
        "",
        "INTEGER",
        "REAL",
        "DOUBLE PRECISION",
        "FLOATING POINT",
        "TEXT",
        "NUMERIC",
        "BLOB",
      ),
    }),
  );
  const tables = fc.array(kinds, { minLength: 1, maxLength: 4 }).chain((columns) =>
    fc.record({
      columns: fc.constant(columns),
      pageSize: fc.constantFrom(512, 4096, 65_536),
      key: fc.constantFrom("INTEGER PRIMARY KEY", "INTEGER PRIMARY KEY DESC", "INT PRIMARY KEY"),
      withoutRowid: fc.boolean(),
      added: fc.constantFrom(
        ["", "text"],
        ["DEFAULT 7", "int8"],
        ["DEFAULT 'x'", "text"],
        ["DEFAULT 'x'", "int4"],
        ["DEFAULT -0.0", "float8"],
        ["DEFAULT x'00ff'", "bytea"],
      ),
      rows: fc.array(
        fc.tuple(
          ...columns.map(({ type, notNull, oddness }) =>
            fc.oneof(
              { arbitrary: usual[type]!, weight: 20 },
              { arbitrary: fc.constant<Value>(null), weight: notNull ? 0 : 2 },
              { arbitrary: fc.oneof(odd, fc.constantFrom(...notUtf8), fc.constant(null)), weight: oddness },
            ),
          ),
        ),
        { minLength: 1, maxLength: 5 },
      ),
    }),
  );

  type Written = typeof tables extends fc.Arbitrary<infer T> ? T : never;

  /** Half of the rows are written before the last columns are added, but for those of a table without a rowid. */
  function write(file: string, { columns, rows, pageSize, key, withoutRowid, added }: Written): void {
    const database = new Libsql(file);
    database.exec(`PRAGMA page_size = ${pageSize}; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF`);
    const names = columns.map(({ declared }, index) => `c${index} ${declared}`);
    const kind = withoutRowid ? "WITHOUT ROWID" : "";
    database.exec(`CREATE TABLE t (${[...names, `k ${key}`].join(", ")}) ${kind}`);
    const insert = (some: Written["rows"], more: readonly string[]) => {
      for (const row of some) {
        const prefix = "text:";
        const values = row.map((value) => {
          if (typeof value === "string") return Buffer.from(value);
          const marked = Buffer.isBuffer(value) && value.toString("latin1").startsWith(prefix);
          return marked ? Buffer.from(value.toString("latin1").slice(prefix.length), "hex") : value;
        });
        const isText = (value: Value) =>
          typeof value === "string" ||
          (Buffer.isBuffer(value) && value.toString("latin1").startsWith(prefix));
        const holders = row.map((value) =>
          isText(value) ? "CAST(? AS TEXT)" : typeof value === "number" ? "CAST(? AS REAL)" : "?",
        );
        const into = [...row.map((_, index) => `c${index}`), "k", ...more.map((_, index) => `a${index}`)];
        database
          .prepare(
            `INSERT INTO t (${into.join(", ")}) VALUES (${[...holders, "(SELECT 1 + count(*) FROM t)", ...more].join(", ")})`,
          )
          .run(values);
      }
    };
    const half = withoutRowid ? 0 : rows.length >> 1;
    insert(rows.slice(0, half), []);
    database.exec(`ALTER TABLE t ADD COLUMN a0 REAL DEFAULT 7; ALTER TABLE t ADD COLUMN a1 ${added[0]}`);
    insert(rows.slice(half), ["8", "NULL"]);
    database.close();
  }

  test.each([
    ["int2", -1, "-32768, 32767, 0, NULL", ["-32768", "32767", "0", "\\N"]],
    [
      "int8",
      -1,
      "-9223372036854775808, 9223372036854775807",
      ["-9223372036854775808", "9223372036854775807"],
    ],
    ["bool", -1, "0, 1", ["f", "t"]],
    ["float8", -1, "0.1, 1e300, -0.0, 7, -9e999", ["0.1", "1e+300", "-0", "7", "-Infinity"]],
    ["float4", -1, "0.5, 3", ["0.5", "3"]],
    ["numeric", numericModifier(5, 2), "-999, 0", ["-999.00", "0.00"]],
    ["text", -1, "'ü\"\\', 'null', char(11, 10, 1)", ['ü"\\\\', "null", "\\v\\n\u0001"]],
    ["varchar", 4 + 3, "'😀😀\\'", ["😀😀\\\\"]],
    ["bpchar", 4 + 3, "'', 'é'", ["   ", "é  "]],
    ["bytea", -1, "x'00ab', 'A', x''", ["\\\\x00ab", "\\\\x41", "\\\\x"]],
    [
      "timestamp",
      -1,
      "'2024-02-29 23:59:59.120', '0001-01-01T00:00:00Z'",
      ["2024-02-29 23:59:59.12", "0001-01-01 00:00:00"],
    ],
    ["timestamptz", 3, "'2024-12-31 00:00:00.000000000 +00:00'", ["2024-12-31 00:00:00+00"]],
    ["date", -1, "'1900-02-28'", ["1900-02-28"]],
    ["time", 0, "'00:00:00.0'", ["00:00:00"]],
    ["uuid", -1, "'0123ABCD-0000-4000-8000-0123456789ab'", ["0123abcd-0000-4000-8000-0123456789ab"]],
  ])("%s: what is usual goes the short way", (type, modifier, values, lines) => {
    const file = newFile();
    writeSqlite(
      file,
      `CREATE TABLE t (v); INSERT INTO t VALUES ${values.replace(/, (?![^(]*\))/g, "), (").replace(/^(.*)$/s, "($1)")}`,
    );
    const { source, plan } = open(file, [column("v", type, modifier)]);
    const found = [...pages(source, plan, rowForm(plan))].map(
      ({ tuples }) => tuples && printedTuples(columnsOf(plan), tuples),
    );
    source.close();
    expect(found).toEqual([`${lines.join("\n")}\n`]);
  });

  test.each([
    ["int2", -1, "32768"],
    ["int8", -1, "9223372036854775808"],
    ["int4", -1, "x'37'"],
    ["bool", -1, "2"],
    ["float4", -1, "0.1"],
    ["float8", -1, "9007199254740993"],
    ["numeric", numericModifier(5, 2), "1000"],
    ["text", -1, "'a' || char(0) || 'b'"],
    // null and [1] in SQLite's binary JSON.
    ["text", -1, "x'00'"],
    ["text", -1, "x'2b1331'"],
    ["varchar", 4 + 2, "'éé\\'"],
    ["bpchar", 4 + 2, "'a '"],
    ["bytea", -1, "7"],
    ["name", -1, "printf('%064d', 0)"],
    ["timestamp", -1, "'2024-02-30 00:00:00'"],
    ["timestamp", 3, "'2024-01-01 00:00:00.1234'"],
    ["date", -1, "'0000-01-01'"],
    ["time", -1, "'24:00:00'"],
    ["uuid", -1, "'0123abcd-0000-4000-8000-0123456789ag'"],
  ])("%s (%i) does not take %s the short way", (type, modifier, value) => {
    const file = newFile();
    writeSqlite(file, `CREATE TABLE t (v); INSERT INTO t VALUES (${value})`);
    const { source, plan } = open(file, [column("v", type, modifier)]);
    expect([...pages(source, plan, rowForm(plan))].map(({ tuples }) => tuples)).toEqual([undefined]);
    source.close();
  });

  test.each([
    ["int4", "1.0", "1"],
    ["int4", "'7'", "7"],
    ["float8", "'0.5'", "0.5"],
    ["text", "7", "7"],
    ["timestamptz", "'2024-01-01 00:00:00+01:00'", "2023-12-31 23:00:00+00"],
  ])("%s: %s, which is not of the usual kind, is converted in its place", (type, value, line) => {
    const file = newFile();
    writeSqlite(file, `CREATE TABLE t (v); INSERT INTO t VALUES (${value})`);
    const { source, plan } = open(file, [column("v", type)]);
    const found = [...pages(source, plan, rowForm(plan))].map(({ tuples }) => tuples);
    source.close();
    expect(found.map((tuples) => tuples && printedTuples(columnsOf(plan), tuples))).toEqual([`${line}\n`]);
  });

  test("come to the same bytes, or the short way is not taken", () => {
    let taken = 0;
    fc.assert(
      fc.property(tables, (table) => {
        const file = newFile();
        write(file, table);
        const { source, plan } = open(file, [
          ...table.columns.map((one, index) => column(`c${index}`, one.type, one.modifier, one.notNull)),
          column("k", "int4"),
          column("a0", "float8"),
          column("a1", table.added[1]),
        ]);
        try {
          for (const page of pages(source, plan, rowForm(plan))) {
            if (page.tuples === undefined) continue;
            taken++;
            const tally = { roundedFractions: 0, assumedUtc: 0 };
            expect(printedTuples(columnsOf(plan), page.tuples)).toBe(converted(plan, page.rows(), tally));
            expect(page.tally).toEqual(tally);
          }
        } finally {
          source.close();
        }
      }),
      { numRuns: cases },
    );
    // Else nothing was compared.
    expect(taken).toBeGreaterThan(cases / 4);
  });
});

describe("pages", () => {
  /** The ids of all rows, in the order read, and how the pages were. */
  function read(file: string, columns: readonly TargetColumn[]) {
    const { source, plan } = open(file, columns);
    const ids: string[] = [];
    const shapes: { rows: number; bytes: number; plain: boolean }[] = [];
    try {
      for (const { tuples, rows } of pages(source, plan, rowForm(plan))) {
        const text =
          tuples === undefined ? (converted(plan, rows()) ?? "") : printedTuples(columnsOf(plan), tuples);
        const page = text.split("\n").slice(0, -1);
        ids.push(...page.map((line) => line.split("\t")[0]!));
        shapes.push({ rows: page.length, bytes: text.length, plain: tuples !== undefined });
      }
    } finally {
      source.close();
    }
    return { ids, shapes };
  }
  const written = (sql: string): string => {
    const file = newFile();
    writeSqlite(file, sql);
    return file;
  };
  const numbers = (count: number, select: string) =>
    `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${count - 1}) ${select} FROM n`;
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => String(index));

  test.each([
    ["a rowid", "CREATE TABLE t (id, v)", true],
    ["a primary key that is the rowid", "CREATE TABLE t (id INTEGER PRIMARY KEY, v)", true],
    ["a primary key that is not", "CREATE TABLE t (id PRIMARY KEY, v)", true],
    ["no rowid", "CREATE TABLE t (id PRIMARY KEY, v) WITHOUT ROWID", true],
    [
      "no rowid, and a key that is not its first column",
      "CREATE TABLE t (v, id PRIMARY KEY) WITHOUT ROWID",
      true,
    ],
    ["a rowid under its third name", "CREATE TABLE t (id, v, rowid, _rowid_)", true],
    ["a rowid out of reach", "CREATE TABLE t (id, v, rowid, _rowid_, oid)", true],
    ["a collation that only the app has", "CREATE TABLE t (id, v COLLATE NOCASE)", true],
    ["an index that has all of it", "CREATE TABLE t (id, v); CREATE INDEX other ON t (v, id)", true],
  ])("a table with %s: every row once, in one order", (_, create, plain) => {
    const file = written(
      `${create}; INSERT INTO t (id, v) ${numbers(5000, "SELECT i, 5000 - i")};
       PRAGMA writable_schema = ON; UPDATE sqlite_master SET sql = replace(sql, 'NOCASE', 'the_apps')`,
    );
    const { ids, shapes } = read(file, [column("id", "int4"), column("v", "int4")]);
    expect(ids).toEqual(upTo(5000));
    expect(shapes.every((shape) => shape.plain === plain)).toBe(true);
    const { source, plan } = open(file, [column("id", "int4")]);
    const place = [...source.rows(plan.source, ["id"])].findIndex(({ values }) => values[0] === 4321n);
    expect(place).toBe(4321);
    expect(source.keyOf(plan.source, 3)).toMatch(/(id|rowid|_rowid_|oid) [23]$|row 3$/);
    source.close();
  });

  test("rowids with gaps, below zero, and the last that there is", () => {
    const file = written(
      `CREATE TABLE t (id); INSERT INTO t (rowid, id) ${numbers(3000, "SELECT (i - 1500) * 1000000007, i")};
       INSERT INTO t (rowid, id) VALUES (-9223372036854775808, -1), (9223372036854775807, 3000)`,
    );
    expect(read(file, [column("id", "int4")]).ids).toEqual(["-1", ...upTo(3001)]);
  });

  test("a page at whose end the last rowid is", () => {
    const file = written(
      `CREATE TABLE t (id); INSERT INTO t (rowid, id) ${numbers(1024, "SELECT 9223372036854775807 - 1023 + i, i")}`,
    );
    expect(read(file, [column("id", "int4")]).ids).toEqual(upTo(1024));
    expect(read(written("CREATE TABLE t (id)"), [column("id", "int4")]).shapes).toEqual([]);
  });

  test("without a rowid: small pages, rows that lie on several, a key of two columns in another order, backwards", () => {
    const file = written(
      `PRAGMA page_size = 512;
       CREATE TABLE t (v TEXT, b INTEGER, c REAL, a TEXT, PRIMARY KEY (a DESC, b)) WITHOUT ROWID;
       INSERT INTO t ${numbers(20_000, "SELECT printf('%.*c', i * 7919 % 701, 'x') || i, i % 100, i, 'key ' || (i / 100)")}`,
    );
    const columns = [column("b", "int4"), column("v", "text"), column("c", "float8"), column("a", "text")];
    const { source, plan } = open(file, columns);
    const found = [...pages(source, plan, rowForm(plan))]
      .map(({ tuples }) => printedTuples(columns, tuples!))
      .join("");
    const read = [...source.rows(plan.source, ["b", "v", "c", "a"])]
      .map(({ values }) => `${values.join("\t")}\n`)
      .join("");
    source.close();
    expect(found).toBe(read);
    expect(found.split("\n")).toHaveLength(20_001);
  });

  test("without a rowid, what needs more than itself has the rest read by SQLite", () => {
    const file = written(
      `CREATE TABLE t (id INTEGER PRIMARY KEY, v) WITHOUT ROWID;
       INSERT INTO t ${numbers(3000, "SELECT i, 7")}; ALTER TABLE t ADD COLUMN late DEFAULT 8;
       UPDATE t SET late = 9 WHERE id < 2500`,
    );
    const { ids, shapes } = read(file, [column("id", "int4"), column("late", "int4")]);
    expect(ids).toEqual(upTo(3000));
    expect(shapes.map(({ plain, rows }) => [plain, rows])).toEqual([
      [true, 1024],
      [true, 1024],
      [false, 952],
    ]);
  });

  test("one value that does not fit costs its page, and no other", () => {
    const file = written(
      `CREATE TABLE t (id); INSERT INTO t ${numbers(5000, "SELECT iif(i = 2500, 'x', i)")}`,
    );
    const { ids, shapes } = read(file, [column("id", "int4")]);
    expect(ids).toEqual(upTo(5000).filter((id) => Math.floor(Number(id) / 1024) !== 2));
    expect(shapes.map(({ plain }) => plain)).toEqual([true, true, false, true, true]);
  });

  test.each(["float4", "float8"])("a NaN as %s is what SQLite reads: NULL", (type) => {
    const file = written("CREATE TABLE t (id REAL); INSERT INTO t VALUES (1234567.875)");
    const [number, nan] = [Buffer.alloc(8), Buffer.from("fff8000000000001", "hex")];
    number.writeDoubleBE(1234567.875);
    const bytes = fs.readFileSync(file);
    nan.copy(bytes, bytes.indexOf(number));
    fs.writeFileSync(file, bytes);
    expect(read(file, [column("id", type)]).ids).toEqual(["\\N"]);
  });

  test("pages of large rows have fewer, whatever their column was meant for", () => {
    for (const type of ["text", "bytea"]) {
      const large = "iif(i % 50 = 49, zeroblob(2000000), x'41')";
      const value = type === "text" ? `replace(hex(${large}), '00', 'x')` : large;
      const file = written(`CREATE TABLE t (id, v); INSERT INTO t ${numbers(300, `SELECT i, ${value}`)}`);
      const { ids, shapes } = read(file, [column("id", "int4"), column("v", type)]);
      expect(ids).toEqual(upTo(300));
      expect(Math.max(...shapes.map(({ bytes }) => bytes))).toBeLessThan(5 << 20);
      expect(shapes.every(({ plain }) => plain)).toBe(true);
    }
    const file = written(
      `CREATE TABLE t (id, v); INSERT INTO t ${numbers(40, "SELECT i, zeroblob(1000000)")}`,
    );
    const { source, plan } = open(file, [column("id", "int4"), column("v", "int4")]);
    const sizes = [...pages(source, plan, rowForm(plan))].map(({ rows }) => [...rows()].length);
    source.close();
    expect(Math.max(...sizes)).toBe(2);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(40);
  });
});
