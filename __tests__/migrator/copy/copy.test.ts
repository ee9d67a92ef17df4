import { Failed, messageOf, Refused } from "../../../migrator/base/errors";
import { repeatsKey } from "../../../migrator/values/convert-json";
import type { Rule } from "../../../services/rules";
import { Bench } from "../support/copying";
import { Cleanup } from "../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.create(cleanup);
});

const refusal = async (schema: string, sqlite: string): Promise<string> => {
  const error: unknown = await bench.run(schema, sqlite).then(
    () => new Error("it was copied"),
    (thrown: unknown) => thrown,
  );
  expect(messageOf(error)).not.toBe("it was copied");
  expect(error).toBeInstanceOf(Refused);
  return messageOf(error);
};

describe("tables", () => {
  test("self references, cycles, a key not yet validated: back as they were", async () => {
    const schema = `
      CREATE TABLE a (id integer PRIMARY KEY, parent integer REFERENCES a, b integer);
      CREATE TABLE b (id integer PRIMARY KEY, a integer NOT NULL REFERENCES a DEFERRABLE INITIALLY DEFERRED);
      ALTER TABLE a ADD CONSTRAINT "to b" FOREIGN KEY (b) REFERENCES b ON DELETE SET NULL NOT VALID;
      COMMENT ON CONSTRAINT "to b" ON a IS 'it''s a cycle';
      CREATE UNIQUE INDEX partial ON a (parent) WHERE id > 1; CREATE INDEX expression ON a ((id % 2) DESC) INCLUDE (b);
      CREATE INDEX described ON b (a); COMMENT ON INDEX described IS 'stays'; ALTER TABLE b CLUSTER ON described;`;
    const shape = `SELECT conname AS n, pg_get_constraintdef(oid) || coalesce(obj_description(oid), '') AS d FROM pg_constraint WHERE connamespace = 'public'::regnamespace
      UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2`;
    await bench.schema(schema);
    const before = await bench.query(shape);
    const oids =
      "SELECT relname, oid FROM pg_class WHERE relkind = 'i' AND relnamespace = 'public'::regnamespace";
    await bench.schema(schema);
    const built = new Map(
      (await bench.query<{ relname: string; oid: number }>(oids)).map((row) => [row.relname, row.oid]),
    );
    const file = bench.write(
      "CREATE TABLE a (id, parent, b); CREATE TABLE b (id, a); INSERT INTO a VALUES (1, 3, 1), (2, 1, NULL), (3, NULL, NULL); INSERT INTO b VALUES (1, 2)",
    );
    await bench.copy(file);
    expect(await bench.query(shape)).toEqual(before);
    // An index that was made again after the rows is another one; what is more than its definition stayed.
    const now = await bench.query<{ relname: string; oid: number }>(oids);
    const again = now.filter(({ relname, oid }) => built.get(relname) !== oid).map(({ relname }) => relname);
    expect(again.sort()).toEqual(["expression", "partial"]);
    expect(await bench.query("SELECT count(*)::int AS n FROM a")).toEqual([{ n: 3 }]);
  });

  test("what the target computes has to be what the source holds", async () => {
    const run = bench.run(
      "CREATE TABLE t (id integer, double integer GENERATED ALWAYS AS (id * 2) STORED)",
      "CREATE TABLE t (id, double); INSERT INTO t VALUES (1, 3)",
    );
    await expect(run).rejects.toThrow(Failed);
    await expect(run).rejects.toThrow("other values than the source");
    expect(await bench.query("SELECT * FROM t")).toEqual([]);
  });

  test("constraints that only the server can judge name the row and not the value", async () => {
    const check = await refusal(
      "CREATE TABLE t (v text CONSTRAINT short CHECK (length(v) < 5))",
      "CREATE TABLE t (v); INSERT INTO t VALUES ('ok'), ('s3cret value')",
    );
    expect(check).toContain("t.(row), rowid 2: row that violates the constraint short");
    const domain = await refusal(
      "CREATE DOMAIN pos AS integer CONSTRAINT is_pos CHECK (VALUE > 0); CREATE TABLE t (v pos)",
      "CREATE TABLE t (v); INSERT INTO t VALUES (1), (-5)",
    );
    expect(domain).toContain("t.v, rowid 2: row that violates the constraint is_pos");
    const key = await refusal(
      "CREATE TABLE t (v text PRIMARY KEY)",
      "CREATE TABLE t (v); INSERT INTO t VALUES ('s3cret'), ('s3cret')",
    );
    expect(key).toContain("rowid 2: row that violates the constraint t_pkey");
    const index = await refusal(
      "CREATE TABLE t (v text); CREATE UNIQUE INDEX one ON t (v)",
      "CREATE TABLE t (v); INSERT INTO t VALUES ('s3cret'), ('s3cret')",
    );
    expect(index).toContain("duplicate rows violate one (duplicate key)");
    for (const message of [check, domain, key, index]) expect(message).not.toContain("s3cret");
  });

  test("a hundred offending rows are named at once, and no more", async () => {
    const message = await refusal(
      "CREATE TABLE t (v integer); CREATE TABLE u (v integer)",
      `CREATE TABLE t (v); CREATE TABLE u (v); INSERT INTO u VALUES ('x');
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) INSERT INTO t SELECT iif(i % 30 = 0, 'x', i) FROM n`,
    );
    expect(message).toContain("the first 100 values");
    expect(message.match(/rowid \d+: text/g)).toHaveLength(100);
  });
});

describe("the keys of a large table", () => {
  const numbers = (count: number) =>
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;
  const source = `CREATE TABLE t (id, code, parent); ${numbers(50_000)} INSERT INTO t SELECT i, 'c' || i, 1 FROM n;
    CREATE TABLE u (t); INSERT INTO u VALUES (7)`;
  const schema = `
    CREATE TABLE t (id integer PRIMARY KEY, code text CONSTRAINT "one code" UNIQUE DEFERRABLE INITIALLY DEFERRED,
                    parent integer REFERENCES t, CONSTRAINT pair UNIQUE (parent, id) WITH (fillfactor = 50));
    COMMENT ON CONSTRAINT "one code" ON t IS 'it''s one';
    CREATE TABLE u (t integer REFERENCES t);
    CREATE VIEW grouped AS SELECT id, code FROM t GROUP BY id;
    ALTER TABLE t ADD COLUMN more integer CONSTRAINT another UNIQUE`;

  test("are made again as they were, those that nothing else rests on", async () => {
    const shape = `SELECT conname, pg_get_constraintdef(oid) AS d, obj_description(oid) AS c, contype FROM pg_constraint
      WHERE connamespace = 'public'::regnamespace ORDER BY 1`;
    await bench.schema(schema);
    const built = await bench.query(shape);
    const oids = async () => {
      const found = await bench.query<{ name: string; oid: number }>(
        "SELECT conname AS name, oid::int FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
      );
      return new Map(found.map(({ name, oid }) => [name, oid]));
    };
    const before = await oids();
    await bench.copy(bench.write(source));
    expect(await bench.query(shape)).toEqual(built);
    const after = await oids();
    const again = [...after].filter(([name, oid]) => before.get(name) !== oid).map(([name]) => name);
    expect(again.sort()).toEqual(["another", "one code", "t_parent_fkey", "u_t_fkey"]);
    expect(await bench.query("SELECT count(*)::int AS n, min(code) AS c FROM t")).toEqual([
      { n: 50_000, c: "c1" },
    ]);
  });

  test("name the row that breaks one", async () => {
    const message = await refusal(
      "CREATE TABLE t (id integer PRIMARY KEY, code text UNIQUE, parent integer); CREATE TABLE u (t integer)",
      `${source}; UPDATE t SET code = 'c1' WHERE id = 40000`,
    );
    expect(message).toContain("t.(row), rowid 40000: row that violates the constraint t_code_key");
  });
});

describe("values", () => {
  test("fractions beyond microseconds are rounded, carried over, and counted", async () => {
    const copied = await bench.run(
      "CREATE TABLE t (at timestamp)",
      "CREATE TABLE t (at); INSERT INTO t VALUES ('2023-12-31 23:59:59.999999500'), ('2024-02-28 12:00:00.1234564'), ('2024-01-01 00:00:00.123456000')",
    );
    expect(copied.roundedFractions).toBe(2);
    expect(await bench.query("SELECT at::text FROM t ORDER BY at")).toEqual([
      { at: "2024-01-01 00:00:00" },
      { at: "2024-01-01 00:00:00.123456" },
      { at: "2024-02-28 12:00:00.123456" },
    ]);
    expect(
      await refusal(
        "CREATE TABLE t (at timestamp(0))",
        "CREATE TABLE t (at); INSERT INTO t VALUES ('2024-01-01 00:00:00.5')",
      ),
    ).toContain("fraction of a second finer than timestamp(0)");
  });

  test("a rule is counted for what it did, and no row that is left out is counted for anything else", async () => {
    const on = (column: string) => ({ table: "t", column });
    const rules: Rule[] = [
      { kind: "cast", ...on("s"), as: "epoch-milliseconds" },
      { kind: "default", ...on("s"), value: "2000-01-01" },
      { kind: "cast", ...on("n"), as: "round" },
      { kind: "default", ...on("n"), value: 0 },
      { kind: "default", ...on("z"), value: "2000-01-01 00:00:00Z" },
      { kind: "null-if", ...on("x"), values: ["none"] },
      { kind: "skip-row", ...on("v") },
      { kind: "skip-row", ...on("j") },
      { kind: "cast", ...on("l"), as: "seconds" },
      { kind: "default", ...on("l"), value: "1 day" },
    ];
    await bench.schema(
      "CREATE TABLE t (id integer, s timestamp(0), n smallint, z timestamptz(3), x text, v integer, j jsonb, l interval)",
    );
    const file = bench.write(`CREATE TABLE t (id INTEGER PRIMARY KEY, s, n, z, x, v, j, l);
      INSERT INTO t VALUES (1, 253402300799500, 1e6 + 0.5, '2024-01-01 00:00:00.1234567', 'none', 1, '{}', 9e15 * 2),
        (2, 1700000000000, 1.5, '2024-01-01 00:00:00.123', 'none', 2, '{}', 5),
        (3, 1700000000000, 1.5, '2024-01-01 00:00:00.123', 'none', 'bad', '{}', 5),
        (5, 1700000000000, 1, '2024-01-01 00:00:00Z', 'some', 5, '{}', 1 << 62),
        (4, 1e18, 1e6, '2024-01-01 00:00:00.123', 'none', 4, '{', 5);`);
    const copied = await bench.copy(file, rules);
    expect(copied.rules.map(({ applied }) => applied)).toEqual([2, 1, 1, 1, 1, 2, 1, 1, 1, 2]);
    expect(copied).toMatchObject({ rows: 3, roundedFractions: 0, notes: { assumedUtc: 1 } });
    expect(await bench.query("SELECT id, s::text, n, z::text, x, v, l::text FROM t ORDER BY id")).toEqual([
      { id: 1, s: "2000-01-01 00:00:00", n: 0, z: "2000-01-01 00:00:00+00", x: null, v: 1, l: "1 day" },
      {
        id: 2,
        s: "2023-11-14 22:13:20",
        n: 2,
        z: "2024-01-01 00:00:00.123+00",
        x: null,
        v: 2,
        l: "00:00:05",
      },
      { id: 5, s: "2023-11-14 22:13:20", n: 1, z: "2024-01-01 00:00:00+00", x: "some", v: 5, l: "1 day" },
    ]);
  });

  test("a value of megabytes goes over whole", async () => {
    await bench.run(
      "CREATE TABLE t (v bytea, w text)",
      "CREATE TABLE t (v, w); INSERT INTO t VALUES (zeroblob(5000000), replace(hex(zeroblob(2000000)), '00', '\\' || char(10)))",
    );
    expect(await bench.query("SELECT length(v) AS v, length(w) AS w, left(w, 3) AS s FROM t")).toEqual([
      { v: 5_000_000, w: 4_000_000, s: "\\\n\\" },
    ]);
  });

  test("equal keys in one object are found, at any depth", () => {
    const long = `"${"x".repeat(1e7)}${'\\\\\\"'.repeat(1e6)}"`;
    expect(repeatsKey(`{"a":[${long}],"b":{"a":${long}}}`)).toBe(false);
    expect(repeatsKey(`{"a":[${long}],"a":{}}`)).toBe(true);
    expect(repeatsKey('{"a\\\\":"a","a":"\\"a\\":","b":"\\\\","b":1}')).toBe(true);
    expect(repeatsKey('{"a" : {"a":"b"},"b":"a","c":"')).toBe(false);
    expect(repeatsKey('{"a":[{"b":1},{"b":2}],"b":{"a":"\\"a\\":"}}')).toBe(false);
    expect(repeatsKey('{"a":[{"b":1,"c":[],"b":2}]}')).toBe(true);
    expect(repeatsKey('{"a":{},"x":"}","\\u0061":1}')).toBe(true);
  });
});

test("a sequence is never set back, and one that is used up is refused", async () => {
  await bench.run(
    "CREATE TABLE t (id smallserial PRIMARY KEY, v integer); INSERT INTO t (v) VALUES (1), (2)",
    "CREATE TABLE t (id INTEGER PRIMARY KEY, v)",
  );
  expect(await bench.query("INSERT INTO t (v) VALUES (1) RETURNING id")).toEqual([{ id: 3 }]);
  expect(
    await refusal(
      "CREATE TABLE t (id smallserial PRIMARY KEY)",
      "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (32767)",
    ),
  ).toContain("t_id_seq");
});

test("a table locked by someone else fails the copy, with words", async () => {
  await bench.schema("CREATE TABLE t (v integer)");
  await bench.query("BEGIN; LOCK TABLE t IN ACCESS SHARE MODE");
  try {
    await bench.setLockTimeout("200ms");
    await expect(bench.copy(bench.write("CREATE TABLE t (v)"))).rejects.toThrow("another session has a lock");
  } finally {
    await bench.query("ROLLBACK");
    await bench.setLockTimeout("10s");
  }
});
