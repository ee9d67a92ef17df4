import { databaseIsAsCopied } from "../../../migrator/postgres/as-copied";
import { tablesOf } from "../../../migrator/postgres/catalog";
import { sumOf } from "../../../migrator/postgres/sums";
import { connect } from "../../../migrator/server/connection";
import { loginOf } from "../../../migrator/server/login";
import { Cleanup, Database } from "../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

test("tables as they were copied, written to, and copied by an earlier version", async () => {
  // GIVEN
  const database = await Database.create(cleanup);
  await database.query(
    `SET ROLE ${database.name}; CREATE TABLE notes (n int, of regclass); INSERT INTO notes VALUES (1, 'notes')`,
  );
  const client = await connect(loginOf(database.environment));
  cleanup.add(() => client.end());
  await client.query("SET search_path = ''");
  const [table] = await tablesOf(client);
  const record = await sumOf(client, table!);
  const { form: _, ...earlier } = record;
  const said: string[] = [];
  /** In a session that prints names as the app's would. */
  const isAsCopied = async (notes: typeof record | typeof earlier) => {
    await client.query("RESET search_path");
    return databaseIsAsCopied(client, { notes }, (line) => void said.push(line));
  };

  // WHEN THEN
  expect(await isAsCopied(record)).toBe(true);
  expect(said).toEqual([]);
  expect(await isAsCopied(earlier)).toBe(false);
  expect(said.join()).toMatch(/checksums are of an earlier version .* the server's rows are kept/);
  await database.query("UPDATE notes SET n = 2");
  expect(await isAsCopied(record)).toBe(false);
});
