import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import Libsql from "libsql";
import { from as copyFrom } from "pg-copy-streams";
import { Cleanup, Database, Service } from "../support";

/*
 * Fixed facts of the sample, a database that Vaultwarden 1.37.2 made before it was killed: 300 items with the log, 200
 * without it; timestamps with six and nine digits; 656 rows of 4,979 values besides the migrations. `postgres-empty.sql` is what the same release
 * builds in PostgreSQL, with its 46 migrations.
 */
const sample = path.resolve(__dirname, "../../../../shared/samples/vaultwarden");
const there = fs.existsSync(sample);
if (!there) console.log("skipped: Vaultwarden's real database is not at ../shared/samples/vaultwarden");

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(30_000);

/** Runs a script of pg_dump: its statements, and its rows between COPY and `\.`. */
async function restore(database: Database, script: string): Promise<void> {
  const lines = script.replaceAll(/^\\(?!\.).*$/gm, "").replace(/^SELECT pg_catalog\.set_config.*$/m, "");
  for (const [, statements = "", copy, rows] of lines.matchAll(
    /((?:(?!^COPY )[\s\S])*)(?:^(COPY .* FROM stdin);\n([\s\S]*?)^\\\.$)?/gm,
  )) {
    if (statements.trim() !== "") await database.query(statements);
    if (copy !== undefined)
      await pipeline(Readable.from([rows ?? ""]), database.client.query(copyFrom(copy)));
  }
}

const hashes = (folder: string) =>
  fs.readdirSync(folder).map((name) => [
    name,
    crypto
      .createHash("sha256")
      .update(fs.readFileSync(path.join(folder, name)))
      .digest("hex"),
  ]);

/** A value of SQLite as PostgreSQL's text of it has to read, by the rules of Vaultwarden's own columns. */
function expected(value: string | bigint | Buffer | null, type: string): string | null {
  if (value === null) return null;
  if (Buffer.isBuffer(value)) return `\\x${value.toString("hex")}`;
  if (type === "boolean") return value === 1n ? "t" : "f";
  if (type.startsWith("timestamp")) {
    const match = /^(.{19})\.(\d{6}|\d{9})$/.exec(String(value));
    if (match === null) throw new Error(`a timestamp of another form in the sample: ${String(value)}`);
    const micros = Math.round(Number(match[2]?.padEnd(9, "0")) / 1000);
    if (micros === 1_000_000) throw new Error("a timestamp in the sample rounds to the next second");
    return `${match[1]}.${String(micros).padStart(6, "0")}`.replace(/\.?0+$/, "");
  }
  return String(value);
}

(there ? test : test.skip)(
  "Vaultwarden's real database: 300 of 300 items, every value equal, the source untouched",
  async () => {
    const database = await Database.create(cleanup);
    const service = new Service(cleanup, database, "SELECT 1", {
      migrationTables: [{ table: "__diesel_schema_migrations", compare: "newest" }],
    });
    await restore(database, fs.readFileSync(path.join(sample, "postgres-empty.sql"), "utf8"));
    await database.query(
      "SET search_path = public; RESET default_table_access_method; SET client_min_messages = notice",
    );
    const data = path.dirname(service.source);
    const names = fs.readdirSync(sample).filter((name) => name.startsWith("db."));
    for (const name of names)
      fs.copyFileSync(path.join(sample, name), path.join(data, name.replace("db.sqlite3", "app.db")));
    const before = hashes(data);

    const report = await service.migrated();
    expect(report).toMatchObject({ outcome: "verified", rows: 656, attempt: 1 });
    expect(report.roundedFractions).toBeGreaterThan(500);
    expect(hashes(data)).toEqual(before);
    expect(await database.query("SELECT count(*)::int AS n FROM ciphers")).toEqual([{ n: 300 }]);
    expect(await database.query("SELECT count(*)::int AS n FROM __diesel_schema_migrations")).toEqual([
      { n: 46 },
    ]);

    // The snapshot is the source, so its own copy can be opened to compare without the migrator's help.
    const copy = path.join(cleanup.folder(), "db.sqlite3");
    fs.copyFileSync(path.join(sample, "db.sqlite3"), copy);
    fs.copyFileSync(path.join(sample, "db.sqlite3-wal"), `${copy}-wal`);
    const sqlite = new Libsql(copy);
    const columns = await database.query<{ table: string; column: string; type: string }>(
      `SELECT table_name AS table, column_name AS column, data_type AS type FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name <> '__diesel_schema_migrations' ORDER BY table_name, ordinal_position`,
    );
    let values = 0;
    for (const table of new Set(columns.map((column) => column.table))) {
      const own = columns.filter((column) => column.table === table);
      const list = own.map(({ column }) => `"${column}"`).join(", ");
      const raw = sqlite.prepare(`SELECT ${list} FROM "${table}"`).safeIntegers(true).raw(true).all() as (
        string | bigint | Buffer | null
      )[][];
      const wanted = raw.map((row) => row.map((value, index) => expected(value, own[index]?.type ?? "")));
      const texts = own.map(({ column, type }, index) => {
        const cast =
          type === "boolean"
            ? `CASE WHEN "${column}" THEN 't' WHEN NOT "${column}" THEN 'f' END`
            : `"${column}"::text`;
        return `${cast} AS v${index}`;
      });
      const found = (await database.query(`SELECT ${texts.join(", ")} FROM "${table}"`)).map((row) =>
        Object.values(row),
      );
      const sorted = (rows: unknown[][]) => rows.map((row) => JSON.stringify(row)).sort();
      expect(sorted(found)).toEqual(sorted(wanted));
      values += found.length * own.length;
    }
    sqlite.close();
    expect(values).toBe(4979);
  },
);
