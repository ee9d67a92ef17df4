import { Client } from "pg";
import { dropOwned } from "../../../migrator/postgres/owned";
import { requireFit } from "../../../migrator/postgres/fit";
import { connect } from "../../../migrator/server/connection";
import { loginOf } from "../../../migrator/server/login";
import type { Run } from "../../../migrator/server/run";
import { Cleanup, Database } from "../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

async function asAdmin({ name, server }: Database, sql: string): Promise<void> {
  const client = new Client({ ...server, database: name });
  await client.connect();
  await client.query(sql);
  await client.end();
}

test.each([
  ["a view", "CREATE VIEW report AS SELECT count(*) FROM notes", "DROP VIEW report", "view report"],
  [
    "a view of a view",
    "CREATE VIEW report AS SELECT count(*) FROM titles",
    "DROP VIEW report",
    "view report",
  ],
  [
    "a foreign key",
    "CREATE TABLE mine (note integer REFERENCES notes)",
    "DROP TABLE mine",
    "constraint mine_note_fkey on table mine",
  ],
])("what an admin has made on top is named, not dropped: %s", async (_, make, remove, named) => {
  const database = await Database.create(cleanup);
  const { client } = database;
  await client.query(
    "CREATE TABLE notes (id serial PRIMARY KEY, title text); CREATE VIEW titles AS SELECT title FROM notes",
  );
  await asAdmin(database, make);
  await expect(dropOwned(client)).rejects.toThrow(
    new RegExp(`${named} \\(of role ${database.server.user}\\)`),
  );
  expect((await client.query("SELECT FROM titles")).rowCount).toBe(0);
  await asAdmin(database, remove);
  await dropOwned(client);
  expect((await client.query("SELECT to_regclass('notes') AS notes")).rows).toEqual([{ notes: null }]);
});

test("tables whose rows their owner would not see are named before anything is touched", async () => {
  const [source, target] = [await Database.create(cleanup), await Database.create(cleanup)];
  await source.query(
    "CREATE TABLE t (a integer); ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t FORCE ROW LEVEL SECURITY",
  );
  const run = { log: () => undefined } as unknown as Run;
  const refusal = requireFit(run, source.client, target.client);
  await expect(refusal).rejects.toThrow("tables of the source have FORCE ROW LEVEL SECURITY (t)");
  await expect(refusal).rejects.toThrow(`ALTER ROLE ${target.name} BYPASSRLS`);
  await asAdmin(target, `ALTER ROLE ${target.name} BYPASSRLS`);
  await requireFit(run, source.client, target.client);
});

test("a session of ours outlives an idle time-out that its role has", async () => {
  const database = await Database.create(cleanup);
  await asAdmin(
    database,
    `ALTER ROLE ${database.name} SET idle_session_timeout = '5s'; ALTER ROLE ${database.name} SET array_nulls = off`,
  );
  const session = await connect(loginOf(database.environment));
  const shown = await session.query<{ name: string; setting: string }>(
    "SELECT name, setting FROM pg_settings WHERE name IN ('idle_session_timeout', 'array_nulls') ORDER BY name",
  );
  expect(shown.rows).toEqual([
    { name: "array_nulls", setting: "on" },
    { name: "idle_session_timeout", setting: "0" },
  ]);
  await session.end();
});
