import { Client } from "pg";
import { prove } from "../../../migrator/postgres/proof";
import { requireExtensions } from "../../../migrator/postgres/extensions";
import { Cleanup, Database } from "../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const schema = `
  CREATE TABLE notes (id serial PRIMARY KEY, body text, at timestamptz DEFAULT '2026-01-01', x double precision);
  INSERT INTO notes (body, x) SELECT CASE WHEN i % 4 > 0 THEN 'note, "' || i || '\\' END, i / 3.0 FROM generate_series(1, 100) i;
  INSERT INTO notes (body) VALUES ('twice'), ('twice');
  CREATE TABLE tags (note integer REFERENCES notes, tag text);
  CREATE INDEX tags_tag ON tags (tag);`;

/** Two databases that are equal, before `sql` is run in the second one. */
async function pair(sql: string): Promise<[Client, Client]> {
  const [source, target] = [await Database.create(cleanup), await Database.create(cleanup)];
  for (const { client } of [source, target]) await client.query(schema);
  await target.query(sql);
  for (const { client } of [source, target])
    await client.query("SELECT set_config('search_path', '', false)");
  return [source.client, target.client];
}

const verdict = async (sql: string) =>
  prove(...(await pair(sql))).then(
    () => "equal",
    (error: Error) => error.message,
  );

test("the order of rows and the way they came there make no difference", async () => {
  expect(
    await verdict(
      "CREATE TABLE aside AS TABLE notes; DELETE FROM notes; INSERT INTO notes SELECT * FROM aside ORDER BY id DESC; DROP TABLE aside",
    ),
  ).toBe("equal");
});

test.each([
  [
    "a row is missing",
    "DELETE FROM notes WHERE id = 7",
    'table "public"."notes": 102 rows in the source, 101 in the target',
  ],
  [
    "a row is there twice",
    "INSERT INTO tags VALUES (1, 'x')",
    'table "public"."tags": 0 rows in the source, 1 in the target',
  ],
  [
    "a letter differs",
    "UPDATE notes SET body = 'Note' WHERE id = 7",
    "the target has all 102 rows, but with other values than the source",
  ],
  [
    "a row is another's double",
    "UPDATE notes SET (body, x) = ('twice', NULL) WHERE id = 7",
    "other values than the source",
  ],
  [
    "NULL became an empty text",
    "UPDATE notes SET body = '' WHERE body IS NULL",
    "other values than the source",
  ],
  [
    "the last digit of a real differs",
    "UPDATE notes SET x = 0.33333333333333337 WHERE id = 1",
    "other values than the source",
  ],
  [
    "two values changed places",
    "UPDATE notes SET body = CASE id WHEN 1 THEN (SELECT body FROM notes WHERE id = 2) ELSE (SELECT body FROM notes WHERE id = 1) END WHERE id IN (1, 2)",
    "other values than the source",
  ],
  [
    "a sequence is behind",
    "SELECT setval('notes_id_seq', 5)",
    "sequence public.notes_id_seq: at 102, true in the source, at 5, true in the target",
  ],
  ["an index is missing", "DROP INDEX tags_tag", "not on both sides: index public.tags_tag"],
  [
    "a key is missing",
    "ALTER TABLE tags DROP CONSTRAINT tags_note_fkey",
    "not on both sides: constraint tags_note_fkey of public.tags",
  ],
  ["a table is too many", "CREATE TABLE more (n integer)", "not on both sides: relation r public.more"],
])("found out: %s", async (_, sql, message) => {
  expect(await verdict(sql)).toContain(message);
});

test("extensions: what nothing is made with may be missing, another schema and a missing right are named", async () => {
  const [source, target] = [await Database.create(cleanup), await Database.create(cleanup)];
  const admin = async ({ name, server }: Database, sql: string) => {
    const client = new Client({ ...server, database: name });
    await client.connect();
    await client.query(sql);
    await client.end();
  };
  await admin(
    source,
    "CREATE EXTENSION cube; CREATE EXTENSION pg_trgm; CREATE SCHEMA own; CREATE EXTENSION hstore SCHEMA own",
  );
  await admin(target, "CREATE SCHEMA own; CREATE EXTENSION hstore SCHEMA own");
  await expect(requireExtensions(source.client, target.client)).rejects.toThrow(
    /GRANT USAGE ON SCHEMA "own"/,
  );
  await admin(target, `GRANT USAGE ON SCHEMA own TO ${target.name}`);
  expect(await requireExtensions(source.client, target.client)).toEqual(["cube", "pg_trgm"]);
  await source.query(
    "CREATE TABLE boxes (c cube[], name text); CREATE INDEX alike ON boxes USING gin (name gin_trgm_ops)",
  );
  const refusal = requireExtensions(source.client, target.client);
  await expect(refusal).rejects.toThrow(
    /the target lacks the extension cube, and the source depends on it for column c of table boxes\. Add it/,
  );
  await expect(refusal).rejects.toThrow(
    /the target lacks the extension pg_trgm, and the source depends on it for index alike\./,
  );
  await admin(target, "CREATE SCHEMA other; CREATE EXTENSION cube SCHEMA other; CREATE EXTENSION pg_trgm");
  await expect(requireExtensions(source.client, target.client)).rejects.toThrow(
    'ALTER EXTENSION "cube" SET SCHEMA "public"',
  );
});
