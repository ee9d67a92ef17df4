import { deafPort } from "./support/api-server";
import { testProvider, testServer } from "./support/test-postgres";
import { unwrapped, Workspace } from "./support/workspace";

jest.setTimeout(60_000);

const provider = { postgresql: testProvider() };

let workspace: Workspace;
beforeEach(async () => {
  workspace = await Workspace.open();
});
afterEach(() => workspace.close());

test("what cannot be is told when validating", async () => {
  // WHEN
  await workspace.init({
    provider,
    resource: {
      postgresql_role: { a: { name: "a", password_wo: "x" }, b: { name: "b", connection_limit: -2 } },
      postgresql_grant: {
        a: { role: "a", database: "a", object_type: "database", privileges: ["SELECT"] },
        b: { role: "a", database: "a", object_type: "schema", privileges: [] },
        c: { role: "a", database: "a", object_type: "planet", privileges: [] },
      },
    },
  });
  const { text } = await workspace.run("validate");

  // THEN all of it at once
  expect(text).toContain("password_wo and password_wo_version are set together");
  expect(text).toContain("connection_limit must be -1 or more");
  expect(text).toContain("SELECT is not a privilege of a database");
  expect(text).toContain("A grant on a schema needs a schema");
  expect(text).toContain("The stand-in grants nothing on a planet");
});

test("a server that refuses, is deaf or has no such role is told of in words, without a password", async () => {
  // GIVEN
  const { host, port, user } = testServer();
  const applying = async (config: Record<string, unknown>, resource: object) => {
    await workspace.write({ provider: { postgresql: { ...testProvider(), ...config } }, resource });
    return unwrapped(await workspace.apply());
  };
  const app = { postgresql_role: { app: { name: "app" } } };
  await workspace.init({ provider, resource: app });
  const deaf = await deafPort();

  // WHEN
  const told = [
    await applying({ password: "wr0ng-secret" }, app),
    await applying({ port: deaf }, app),
    await applying({ sslmode: "require" }, app),
    await applying({ database: "nowhere" }, app),
    await applying(
      {},
      { postgresql_role: { app: { name: "a".repeat(64), password_wo: "s3cret", password_wo_version: "1" } } },
    ),
    await applying({}, { postgresql_database: { app: { name: "app", owner: "nobody-there" } } }),
  ];

  // THEN
  expect(told[0]).toContain(
    `PostgreSQL at ${host}:${port} refuses user ${user} (password authentication failed)`,
  );
  expect(told[1]).toContain(`PostgreSQL at ${host}:${deaf} cannot be reached (connection refused)`);
  expect(told[2]).toContain(`PostgreSQL at ${host}:${port} does not speak TLS`);
  expect(told[3]).toContain(`PostgreSQL at ${host}:${port} has no database nowhere`);
  expect(told[4]).toContain("is not a name for PostgreSQL");
  expect(told[5]).toContain('role "nobody-there" does not exist (SQLSTATE 42704)');
  expect(told.join()).not.toMatch(/wr0ng-secret|s3cret|at .*\.ts|node_modules/);
});
