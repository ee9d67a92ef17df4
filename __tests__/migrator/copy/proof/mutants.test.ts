/** The proof finds by itself what a wrong copy does: each wrong conversion is put into a copy that believes in it. */
import { copy } from "../../../../migrator/copy/copy";
import { planCopy, type ColumnPlan, type TablePlan } from "../../../../migrator/copy/copy-plan";
import type { Extent } from "../../../../migrator/copy/proof/extent";
import { begin, type Copied } from "../../../../migrator/ledger/ledger";
import { connect } from "../../../../migrator/server/connection";
import { loginOf } from "../../../../migrator/server/login";
import { SqliteDatabase } from "../../../../migrator/sqlite/sqlite-database";
import { unchangedText } from "../../../../migrator/values/convert-text";
import { textReader } from "../../../../migrator/values/convert-text";
import { messageOf } from "../../../../migrator/base/errors";
import { Bench } from "../../support/copying";
import { Cleanup } from "../../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.create(cleanup);
});

type Change = (plan: TablePlan) => TablePlan;

/** Copies with plans that were tampered with; answers what the copy says. */
async function copied(
  target: string,
  sqlite: string,
  change: Change,
  attempt: number,
  extent: Extent = "full",
  told: (copied: Copied) => void = () => undefined,
): Promise<string> {
  await bench.schema(target);
  const source = SqliteDatabase.open(bench.write(sqlite), "app.db");
  const server = loginOf(bench.database.environment);
  const sessions = [await connect(server), await connect(server), await connect(server)] as const;
  const [client, helper, proofHelper] = sessions;
  try {
    const plans = (await planCopy(client, source, { rules: [], migrationTables: [] })).map(change);
    await begin(client, { number: attempt, service: "app", allocation: undefined });
    told(
      await copy({
        ...{ client, helper, proofHelper, source, plans, attempt, rules: [], extent, held: "seeds" },
        requireSameSource: () => Promise.resolve(),
        committing: () => undefined,
        log: () => undefined,
      }),
    );
    return "copied";
  } catch (error) {
    return messageOf(error);
  } finally {
    source.close();
    await Promise.all(sessions.map((session) => session.end()));
  }
}

const column =
  (name: string, changed: (column: ColumnPlan) => Partial<ColumnPlan["converter"]>): Change =>
  (plan) => ({
    ...plan,
    columns: plan.columns.map((one) =>
      one.source === name ? { ...one, converter: { ...one.converter, ...changed(one) } } : one,
    ),
  });

const asText = ({ target }: ColumnPlan) => ({ convert: unchangedText(target, textReader("UTF-8")) });

const mutants: readonly { name: string; target: string; source: string; change: Change; found: RegExp }[] = [
  {
    name: "a number in an interval is taken for seconds",
    target: "CREATE TABLE t (id integer PRIMARY KEY, v interval)",
    source: "CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (7, 3600000000)",
    change: column("v", asText),
    found: /t\.v, rowid 7: an integer in a column of type interval: ambiguous/,
  },
  {
    name: "the text of a virtual column is taken for JSON",
    target: "CREATE TABLE t (id integer PRIMARY KEY, doc text, title text)",
    source: `CREATE TABLE t (id INTEGER PRIMARY KEY, doc TEXT, title TEXT AS (doc -> '$.title') VIRTUAL);
      INSERT INTO t VALUES (1, '{"title": "Hello"}'), (2, '{"title": null}')`,
    change: column("title", () => ({
      convert: (_, value) => (JSON.parse((value as Buffer).toString()) as string | null) ?? "\\N",
    })),
    found: /t\.title, rowid 1: differs from the source's value[^]*t\.title, rowid 2/,
  },
  {
    name: "a Guid of .NET's is taken for the bytes of a uuid",
    target: "CREATE TABLE t (id integer PRIMARY KEY, v uuid)",
    source:
      "CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, x'33221100554477668899aabbccddeeff')",
    change: column("v", () => ({
      convert: (_, value) =>
        (value as Buffer).toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"),
    })),
    found: /t\.v, rowid 1: a blob as uuid: the order of its bytes is not declared/,
  },
  {
    name: "a time is an hour late",
    target: "CREATE TABLE t (id integer PRIMARY KEY, v timestamp)",
    source: "CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, '2024-01-01 00:00:00')",
    change: column("v", () => ({ fastPath: undefined, convert: () => "2024-01-01 01:00:00" })),
    found: /t\.v, rowid 1: differs from the source's value, as timestamp without time zone/,
  },
  {
    name: "an integer goes the short way and is another",
    target: "CREATE TABLE t (id integer PRIMARY KEY, v integer)",
    source: "CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 7), (2, 8)",
    change: column("v", ({ converter: { fastPath } }) => ({
      fastPath: {
        ...fastPath!,
        take: (value, output) => {
          const isTaken = fastPath!.take(value, output);
          // Of four bytes the last.
          if (output.to[output.end - 1] === 8) output.to[output.end - 1] = 9;
          return isTaken;
        },
      },
    })),
    found: /t\.v, rowid 2: differs from the source's value, as integer/,
  },
  {
    name: "what goes the long way is written as another in the binary form",
    target: "CREATE TABLE t (id integer PRIMARY KEY, v timestamp)",
    source:
      "CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, '2024-01-01 00:00:00'), (2, '2024-01-01')",
    change: column("v", ({ converter: { fastPath } }) => ({
      fastPath: {
        ...fastPath!,
        write: (field, output) => fastPath!.write(field.replace("00:00:00", "01:00:00"), output),
      },
    })),
    found: /t\.v, rowid 2: differs from the source's value, as timestamp without time zone/,
  },
  {
    name: "rows without a key, one of which is another",
    target: "CREATE TABLE t (v text)",
    source: "CREATE TABLE t (v); INSERT INTO t VALUES ('a'), ('b'), ('b')",
    change: column("v", () => ({
      fastPath: undefined,
      convert: (_, value) => ((value as Buffer).toString() === "a" ? "c" : "b"),
    })),
    found: /t\.\(row\), rowid 1: the target lacks this row/,
  },
];

test.each(mutants)("$name", async ({ target, source, change, found }) => {
  const attempt = 1 + mutants.findIndex((one) => one.change === change);
  expect(await copied(target, source, change, attempt)).toMatch(found);
});

describe("a table of 60,000 rows", () => {
  const target = "CREATE TABLE t (id bigint PRIMARY KEY, v text)";
  const source = `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) INSERT INTO t SELECT i, 'v' || i FROM n`;
  const wrongWhere = (wrong: (text: string) => boolean) =>
    column("v", () => ({
      fastPath: undefined,
      convert: (_, value) => {
        const text = (value as Buffer).toString();
        return wrong(text) ? `${text}!` : text;
      },
    }));

  test("a random sample finds a fault in one row of a thousand, and says how sure it is", async () => {
    const fault = wrongWhere((text) => text.endsWith("777"));
    expect(await copied(target, source, fault, 101, "sample")).toMatch(/t\.v, rowid \d+777: /);
    let noted: Copied | undefined;
    expect(
      await copied(
        target,
        source,
        (plan) => plan,
        102,
        "sample",
        (all) => (noted = all),
      ),
    ).toBe("copied");
    const { rows, of, confidence } = noted!.notes.sampled!.t!;
    expect(of).toBe(60_000);
    // Each row has the same chance: by far less than one time in a million are they outside.
    expect(Math.abs(rows - 50_000)).toBeLessThan(1000);
    expect(confidence).toBeGreaterThan(0.99);
    expect(confidence).toBeLessThan(1);
  });

  test("a full comparison finds the one row that is wrong", async () => {
    const fault = wrongWhere((text) => text === "v31416");
    expect(await copied(target, source, fault, 103, "full")).toMatch(/t\.v, rowid 31416: /);
  });
});
