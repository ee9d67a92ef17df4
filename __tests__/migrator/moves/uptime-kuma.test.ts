import * as fs from "node:fs";
import * as path from "node:path";
import Libsql from "libsql";
import { migrationTableNames } from "../../../services/rules";
import { uptimeKuma } from "../../../services/uptime-kuma";
import { Bench } from "../support/copying";
import { Cleanup } from "../support";

/*
 * Fixed facts of the sample, a database that Uptime Kuma 2.5.3 made: 6,000 heartbeats, of which 194 have no ping and all
 * others one with a fraction, in a column declared bigint. Uptime Kuma has no schema for PostgreSQL: here the types that it
 * declares in SQLite are taken at their word.
 */
const sample = path.resolve(__dirname, "../../../../shared/samples/uptime-kuma/kuma.db");
const there = fs.existsSync(sample);
if (!there) console.log("skipped: Uptime Kuma's real database is not at ../shared/samples/uptime-kuma");

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(30_000);

const types: Readonly<Record<string, string>> = {
  datetime: "timestamp",
  float: "double precision",
  double: "double precision",
  "varchar2(250)": "varchar(250)",
};

(there ? test : test.skip)(
  "Uptime Kuma's real database: fractions in a bigint are found and named, and pass by the definition's rule",
  async () => {
    const { source } = uptimeKuma;
    if (source?.kind !== "sqlite") throw new Error("it moves from SQLite");
    const { rules = [], migrationTables } = source;
    const bench = await Bench.create(cleanup);
    const file = bench.file();
    fs.copyFileSync(sample, file);
    fs.chmodSync(file, 0o600);
    const sqlite = new Libsql(file);
    cleanup.add(() => sqlite.close());
    const columns = sqlite
      .prepare(
        `SELECT t.name AS "table", c.name AS "column", lower(c.type) AS type FROM pragma_table_list t, pragma_table_info(t.name) c
         WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'`,
      )
      .all() as { table: string; column: string; type: string }[];
    const names = [...new Set(columns.map(({ table }) => table))];
    const definitions = names.map((name) => {
      const own = columns.filter(({ table }) => table === name);
      return `CREATE TABLE "${name}" (${own.map(({ column, type }) => `"${column}" ${types[type] ?? type}`).join(", ")})`;
    });
    await bench.schema(definitions.join(";"));
    const migrations = sqlite.prepare("SELECT name FROM knex_migrations").pluck().all() as string[];
    await bench.database.query("INSERT INTO knex_migrations (name) SELECT unnest($1::text[])", [migrations]);

    const refused = bench.copy(file, [], migrationTables);
    await expect(refused).rejects.toThrow(
      "heartbeat.ping, rowid 2: real with a fraction in a column of type bigint (this rule would help: cast round)",
    );
    await expect(refused).rejects.toThrow(JSON.stringify(rules[0]));

    const copied = await bench.copy(file, rules, migrationTables);
    expect(copied.rules).toEqual([{ rule: rules[0], applied: 5806 }]);
    expect(Object.keys(copied.tables)).toHaveLength(
      names.length - migrationTableNames(migrationTables).length,
    );
    const pings = sqlite.prepare("SELECT ping FROM heartbeat ORDER BY id").pluck().all() as (number | null)[];
    expect(await bench.query("SELECT ping::int FROM heartbeat ORDER BY id")).toEqual(
      pings.map((ping) => ({ ping: ping === null ? null : Math.round(ping) })),
    );
  },
);
