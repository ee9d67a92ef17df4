import type { Client } from "pg";
import { connect } from "../../../../migrator/server/connection";
import { Deadline } from "../../../../migrator/base/deadline";
import { Refused } from "../../../../migrator/base/errors";
import { lockTables, requireNobody } from "../../../../migrator/postgres/running/lock-source";
import { loginOf } from "../../../../migrator/server/login";
import { Cleanup, Database, eventually } from "../../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

/** A database with a table, and a session of ours. */
async function source(): Promise<{ database: Database; ours: Client }> {
  const database = await Database.create(cleanup);
  await database.query(`SET ROLE ${database.name}`);
  await database.query("CREATE TABLE notes (n integer); INSERT INTO notes VALUES (1)");
  const ours = await connect(loginOf(database.environment));
  cleanup.add(() => ours.end());
  return { database, ours };
}

test("a source that is held: whoever wants to write waits, and the snapshot is of before", async () => {
  const { database, ours } = await source();
  const other = await connect(loginOf(database.environment));
  const snapshot = await lockTables(ours);
  const written = database.query("INSERT INTO notes VALUES (2)").then(() => "written");
  await eventually(async () => {
    const waiting = await other.query(
      "SELECT FROM pg_locks WHERE relation = 'notes'::regclass AND NOT granted",
    );
    return waiting.rowCount === 1 ? true : undefined;
  });
  // As pg_dump looks at it.
  await other.query(
    `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '${snapshot}'`,
  );
  for (const session of [ours, other]) expect((await session.query("TABLE notes")).rows).toEqual([{ n: 1 }]);
  await other.end();
  await ours.query("ROLLBACK");
  expect(await written).toBe("written");
});

test("a writer that has not ended is refused", async () => {
  const { database, ours } = await source();
  await database.query("BEGIN; INSERT INTO notes VALUES (2)");
  await ours.query("SET lock_timeout = 100");
  await expect(lockTables(ours)).rejects.toThrow(Refused);
  await ours.query("ROLLBACK");
  await expect(lockTables(ours)).rejects.toThrow("a client still writes to it");
});

test("a row that is committed while the lock is waited for is in the snapshot", async () => {
  const { database, ours } = await source();
  await database.query("BEGIN; INSERT INTO notes VALUES (2)");
  const held = lockTables(ours);
  await eventually(async () => {
    const waiting = await database.query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    return waiting.length === 1 ? true : undefined;
  });
  await database.query("COMMIT");
  await held;
  expect((await ours.query("TABLE notes ORDER BY n")).rows).toEqual([{ n: 1 }, { n: 2 }]);
});

test("who has gone is not taken for one who is there", async () => {
  const { database, ours } = await source();
  await lockTables(ours);
  // The transaction has seen it.
  expect(
    (
      await ours.query(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'test'",
      )
    ).rowCount,
  ).toBe(1);
  await database.client.end();
  await requireNobody(ours, new Deadline(30));
});
