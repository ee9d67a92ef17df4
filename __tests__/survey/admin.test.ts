/** What the admin's session does in a database whose owner is hostile. */
import { homelab } from "../../environments/homelab";
import { hasTables } from "../../survey/postgres";
import { ask, dropAll, testServer } from "../lab/providers/support/test-postgres";

const name = `hostile_${process.pid}`;
const password = "of the owner";

beforeAll(async () => {
  await ask(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
  await ask(`CREATE DATABASE ${name} OWNER ${name}`);
});
afterAll(() => dropAll({ databases: [name], roles: [name] }));

test("no operator of the owner's runs as the admin", async () => {
  const asOwner = (sql: string) => ask(sql, { user: name, password, database: name });
  await asOwner(`
    CREATE TABLE ran (as_whom text);
    GRANT ALL ON ran TO PUBLIC;
    CREATE SCHEMA evil;
    GRANT USAGE ON SCHEMA evil TO PUBLIC;
    CREATE FUNCTION evil.differs(text, text) RETURNS boolean LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO public.ran VALUES (session_user); RETURN true; END $$;
    CREATE OPERATOR evil.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.differs);
    ALTER DATABASE ${name} SET search_path = evil, pg_catalog, public`);
  const { host, port, user, password: own } = testServer();
  const environment = { ...homelab, server: { ...homelab.server, sslmode: "disable" as const } };
  const admin = { presence: "present" as const, data: { username: user, password: own } };
  expect(await hasTables(environment, { host, port }, admin, name)).toBe(true);
  expect(await ask("SELECT * FROM public.ran", { database: name })).toEqual([]);
});
