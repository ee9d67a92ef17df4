/** On a real PostgreSQL: what the role of a service finds in its restored database. */
import { lookAsService } from "../../../migrator/backups/as-service";
import { loginOf } from "../../../migrator/server/login";
import { ask, dropAll, testServer } from "../../lab/providers/support/test-postgres";

const role = `as${process.pid}_app`;
const password = "of the test";

beforeAll(async () => {
  await ask(`CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
  await ask(`CREATE DATABASE ${role} OWNER ${role}`);
  await asRole("CREATE TABLE notes AS SELECT n FROM generate_series(1, 3) AS n");
});
afterAll(() => dropAll({ databases: [role], roles: [role] }));

const asRole = (sql: string) => ask(sql, { user: role, password, database: role });

/** @returns what it says */
async function look(query?: string, secret = password): Promise<string> {
  const { host, port } = testServer();
  const login = loginOf({
    PGHOST: host,
    PGPORT: String(port),
    PGUSER: role,
    PGPASSWORD: secret,
    PGDATABASE: role,
    PGSSLMODE: "disable",
  });
  const said: string[] = [];
  await lookAsService({ login, query, log: (line) => void said.push(line) });
  return said.join("\n");
}

test("a query that answers true", async () => {
  expect(await look("SELECT count(*) = 3 FROM notes")).toBe(`${role}: its query answers true`);
});

test.each([
  ["SELECT count(*) = 4 FROM notes", /should answer true, and answers false/],
  ["SELECT count(*) FROM notes", /answers a value of another type \(string\)/],
  ["SELECT true FROM notes", /answers 3 values/],
  ["SELECT min(body) FROM (VALUES ('of a user')) AS v (body)", /answers (?!.*of a user)/],
  ["SELECT true FROM gone", /relation "gone" does not exist/],
  // As the role, not as the admin.
  ["SELECT count(*) > 0 FROM pg_authid", /permission denied for table pg_authid/],
])("%s does not", async (query, why) => {
  await expect(look(query)).rejects.toThrow(why);
});

test("without a query it reads every table and view of its own, and one that cannot be read is found", async () => {
  expect(await look()).toBe(`${role}: reads its 1 tables and views`);
  await asRole("CREATE FUNCTION wrong() RETURNS int LANGUAGE sql AS 'SELECT 1'");
  await asRole("CREATE VIEW view AS SELECT 1 / (wrong() - 1) AS n");
  await expect(look()).rejects.toThrow(/division by zero/);
  await asRole("DROP VIEW view");
});

test("a role that cannot log in", async () => {
  await expect(look(undefined, "another")).rejects.toThrow();
});
