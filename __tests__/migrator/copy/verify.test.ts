import { Checksum } from "../../../migrator/copy/checksum";
import { connect } from "../../../migrator/server/connection";
import { planTables } from "../../../migrator/copy/copy-plan";
import { copyRows, type TableSum } from "../../../migrator/copy/rows";
import { rowForm } from "../../../migrator/copy/row-form";
import { loginOf } from "../../../migrator/server/login";
import { SqliteDatabase } from "../../../migrator/sqlite/sqlite-database";
import { targetTables } from "../../../migrator/server/target";
import { verify } from "../../../migrator/copy/verify";
import { Bench } from "../support/copying";
import { Cleanup } from "../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("whatever differs in the target is found: swapped, changed, missing, doubled", async () => {
  const bench = await Bench.create(cleanup);
  // Half of the rows go the short way; a real goes the long one. Two rows are larger than what arrives at once.
  await bench.schema(
    "CREATE TABLE t (id integer, name text, at timestamp, mark bytea); CREATE TABLE r (id integer, share float8)",
  );
  const file = bench.write(
    `CREATE TABLE t (id, name, at, mark); CREATE TABLE r (id, share);
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
     INSERT INTO t SELECT i, iif(i % 700 = 0, hex(zeroblob(100000)), 'name ' || i), datetime(i * 1000, 'unixepoch'), x'00' FROM n;
     UPDATE t SET at = at || '.1234567' WHERE id > 2500;
     INSERT INTO r SELECT id, id / 8.0 FROM t`,
  );
  await bench.copy(file);
  const client = await connect(loginOf(bench.database.environment));
  cleanup.add(() => client.end());
  const source = SqliteDatabase.open(file, "app.db");
  cleanup.add(() => source.close());
  for (const one of planTables(source, await targetTables(client), { migrationTables: [], rules: [] })) {
    const tableSum: TableSum = {
      roundedFractions: 0,
      assumedUtc: 0,
      checksum: new Checksum(),
      offences: [],
      leftBehind: [],
    };
    for await (const text of copyRows(source, one, client, tableSum, rowForm(one)))
      expect(text.length).toBeGreaterThan(0);
    const check = () => verify(client, source, one, tableSum);
    await check();
    const { name } = one.target;
    const [column, other] = name === "t" ? ["name", "'else'"] : ["share", "0.1"];
    const changes = {
      swapped: `UPDATE ${name} a SET ${column} = b.${column} FROM ${name} b WHERE (a.id, b.id) IN ((1, 2), (2, 1))`,
      changed: `UPDATE ${name} SET ${column} = ${other} WHERE id = 2800`,
      emptied: `UPDATE ${name} SET ${column} = NULL WHERE id = 3`,
      doubled: `UPDATE ${name} SET (id, ${column}) = (SELECT id, ${column} FROM ${name} WHERE id = 4) WHERE id = 5`,
      missing: `DELETE FROM ${name} WHERE id = 1400`,
      "one too many": `INSERT INTO ${name} SELECT * FROM ${name} WHERE id = 1`,
    };
    for (const [change, sql] of Object.entries(changes)) {
      await client.query("BEGIN");
      expect((await client.query(sql)).rowCount).toBeGreaterThan(0);
      const error: unknown = await check().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(`${change}: ${String(error)}`).toMatch(/other values than the source|\d+ in the target/);
      await client.query("ROLLBACK");
    }
    await check();
  }
});
