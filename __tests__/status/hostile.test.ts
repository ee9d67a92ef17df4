/** A database whose owner wants whoever looks into it to do something, or to see something that is not there. */
import { statusText } from "../../status/text";
import { ask } from "../lab/providers/support/test-postgres";
import { asRole, name, Stage } from "./stage";

/** It waits for a limit of 10 s. Without PGMOOR_THOROUGH it is skipped. */
const thoroughly = process.env.PGMOOR_THOROUGH ? test : test.skip;

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.open();
  stage.job();
});
afterEach(() => stage.close());

test("nothing of it runs as anybody else than the service's role", async () => {
  await asRole("CREATE SCHEMA evil");
  await asRole("CREATE TABLE evil.seen (who text)");
  await asRole("GRANT USAGE ON SCHEMA evil TO PUBLIC; GRANT ALL ON evil.seen TO PUBLIC");
  await asRole(`CREATE FUNCTION evil.strike() RETURNS text LANGUAGE plpgsql AS $$
    BEGIN PERFORM set_config('transaction_read_only', 'off', true); INSERT INTO evil.seen VALUES (current_user); RETURN 'confirmed';
    EXCEPTION WHEN OTHERS THEN RAISE WARNING 'as %', current_user; RETURN 'as ' || current_user; END $$`);
  await asRole("CREATE SCHEMA pgmoor");
  await asRole(`CREATE VIEW pgmoor.ledger AS
    SELECT 1 AS attempt, evil.strike() AS state, 5 AS rows, now() AS confirmed_at, now() AS source_changed_at`);
  await asRole(
    "CREATE VIEW evil.pg_stat_user_tables AS SELECT evil.strike() AS schemaname, evil.strike() AS relname, 1 AS n_live_tup, 1 AS n_dead_tup, 0::oid AS relid",
  );
  await asRole(`ALTER DATABASE ${name} SET search_path = evil, pg_catalog, public`);

  const { ledger } = await stage.service();
  expect(ledger).toMatchObject({
    state: expect.stringMatching(new RegExp(`^(confirmed|as ${name.slice(0, 5)})`)) as string,
  });
  const seen = await ask<{ who: string }>("SELECT DISTINCT who FROM evil.seen", { database: name });
  expect(seen.filter(({ who }) => who !== name)).toEqual([]);
});

test("names are printed without what a terminal obeys", async () => {
  await asRole(`CREATE TABLE "\x1b[2J\u202egone" (id int)`);
  const text = statusText(await stage.status());
  expect(text).toContain("?[2J?gone");
  expect(text).not.toMatch(/[\x1b\u202e]/);
});

thoroughly("one that never ends is left", async () => {
  await asRole("CREATE SCHEMA pgmoor");
  await asRole(
    `CREATE FUNCTION pgmoor.hang() RETURNS text LANGUAGE sql AS $$ SELECT pg_sleep(3600)::text $$`,
  );
  await asRole(
    `CREATE VIEW pgmoor.ledger AS SELECT 1 AS attempt, pgmoor.hang() AS state, 5 AS rows, now() AS confirmed_at`,
  );
  const { ledger, database } = await stage.service();
  expect(ledger).toEqual({ unknown: "canceling statement due to statement timeout" });
  expect(database).toMatchObject({ name });
});
