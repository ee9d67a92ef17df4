import { ask, dropAll, testProvider } from "./support/test-postgres";
import { unwrapped, Workspace } from "./support/workspace";

jest.setTimeout(60_000);

const tag = `t${process.pid}`;
const [role, group, database, other] = [`${tag}_app`, `${tag} "group"`, `${tag}_db`, `${tag}_other`];
const provider = { postgresql: testProvider() };

let workspace: Workspace;
beforeEach(async () => {
  workspace = await Workspace.open();
});
afterEach(async () => {
  await workspace.close();
  await dropAll({ databases: [database, other], roles: [role, group] });
});

test("role, database, extension and grants are made, seen to drift, mended, imported and destroyed", async () => {
  // GIVEN
  const resource = {
    postgresql_role: {
      app: {
        name: role,
        login: true,
        connection_limit: 7,
        search_path: ["app", "public"],
        statement_timeout: 5000,
        roles: ["${postgresql_role.group.name}"],
        valid_until: "2031-02-03T04:05:06Z",
        password_wo: "first",
        password_wo_version: "1",
      },
      group: { name: group },
    },
    postgresql_database: {
      app: {
        name: database,
        owner: "${postgresql_role.app.name}",
        encoding: "UTF8",
        lc_collate: "C",
        lc_ctype: "C",
      },
    },
    postgresql_extension: { trgm: { name: "pg_trgm", database: "${postgresql_database.app.name}" } },
    postgresql_grant: {
      connect: {
        database: "${postgresql_database.app.name}",
        role: "public",
        object_type: "database",
        privileges: [],
      },
      schema: {
        database: "${postgresql_database.app.name}",
        role: "${postgresql_role.group.name}",
        schema: "public",
        object_type: "schema",
        privileges: ["ALL"],
        depends_on: ["postgresql_grant.connect"],
      },
    },
  };
  const data = { postgresql_schemas: { app: { database: "postgres", like_any_patterns: ["pub%"] } } };
  const configuration = { provider, resource, data };

  // WHEN it is made
  await workspace.init(configuration);
  expect(unwrapped(await workspace.apply())).toContain("6 added, 0 changed, 0 destroyed");

  // THEN it is what was asked for, and nothing is left to do
  expect(await ask("SELECT current_user::text AS me", { user: role, password: "first", database })).toEqual([
    { me: role },
  ]);
  expect(await workspace.state()).toMatchObject({
    "postgresql_role.app": {
      id: role,
      connection_limit: 7,
      password_wo: null,
      valid_until: "2031-02-03T04:05:06Z",
    },
    "postgresql_database.app": {
      id: database,
      owner: role,
      template: "template0",
      tablespace_name: "pg_default",
    },
    "postgresql_extension.trgm": { id: `${database}.pg_trgm`, schema: "public" },
    "postgresql_grant.connect": { id: `public_${database}_database` },
    "postgresql_grant.schema": { id: `${group}_${database}_public_schema`, privileges: ["ALL"] },
    "postgresql_schemas.app": { schemas: ["public"] },
  });
  expect(await privilegesOfPublic()).not.toContain("CONNECT");
  expect(await workspace.plan()).toEqual({});
  expect(await workspace.stateText()).not.toContain("first");

  // WHEN somebody changes it all by hand
  await ask(`ALTER ROLE "${role}" CONNECTION LIMIT 99`);
  await ask(`GRANT CONNECT ON DATABASE "${database}" TO PUBLIC`);
  await ask(`REVOKE USAGE ON SCHEMA public FROM "${group.replaceAll('"', '""')}"`, { database });
  await ask("DROP EXTENSION pg_trgm", { database });

  // THEN the plan tells, and the apply mends it
  expect(await workspace.plan()).toMatchObject({
    "postgresql_role.app": {
      actions: ["update"],
      before: { connection_limit: 99 },
      after: { connection_limit: 7 },
    },
    "postgresql_grant.connect": {
      actions: ["update"],
      before: { privileges: ["CONNECT"] },
      after: { privileges: [] },
    },
    "postgresql_grant.schema": { actions: ["update"], before: { privileges: ["CREATE"] } },
    "postgresql_extension.trgm": { actions: ["create"] },
  });
  await workspace.succeed("apply", "plan");
  expect(await privilegesOfPublic()).not.toContain("CONNECT");
  expect(await workspace.plan()).toEqual({});

  // WHEN what is there is imported anew
  await workspace.succeed(
    "state",
    "rm",
    "postgresql_role.app",
    "postgresql_database.app",
    "postgresql_extension.trgm",
  );
  await workspace.write({
    ...configuration,
    import: [
      { to: "postgresql_role.app", id: role },
      { to: "postgresql_database.app", id: database },
      { to: "postgresql_extension.trgm", id: `${database}.pg_trgm` },
    ],
  });

  // THEN only the password, of which the server does not tell, would be written
  const changes = await workspace.plan();
  expect(Object.keys(changes)).toEqual(["postgresql_role.app"]);
  expect(changes["postgresql_role.app"]?.before).toMatchObject({
    password_wo_version: null,
    connection_limit: 7,
  });
  await workspace.succeed("apply", "plan");

  // WHEN it is destroyed THEN nothing is left
  await workspace.succeed("destroy", "-auto-approve");
  expect(await ask("SELECT FROM pg_roles WHERE rolname LIKE $1", { values: [`${tag}%`] })).toEqual([]);
  expect(await ask("SELECT FROM pg_database WHERE datname LIKE $1", { values: [`${tag}%`] })).toEqual([]);
});

test("an update renames, rotates the password at a new version only, and changes the owner with what he owns", async () => {
  // GIVEN
  const configuration = (
    app: Record<string, unknown>,
    db: Record<string, unknown> = {},
  ): Record<string, unknown> => ({
    provider,
    resource: {
      postgresql_role: { app: { name: role, login: true, ...app }, group: { name: group } },
      postgresql_database: {
        app: { name: database, owner: "${postgresql_role.app.name}", alter_object_ownership: true, ...db },
      },
    },
  });
  await workspace.init(configuration({ password_wo: "first", password_wo_version: "1" }));
  await workspace.succeed("apply", "-auto-approve");
  await ask("CREATE TABLE mine ()", { user: role, password: "first", database });

  // WHEN another password comes without another version THEN nothing is done
  await workspace.write(configuration({ password_wo: "second", password_wo_version: "1" }));
  expect(await workspace.plan()).toEqual({});

  // WHEN something else changes with it THEN the password does not
  await workspace.write(
    configuration({ password_wo: "second", password_wo_version: "1", connection_limit: 5 }),
  );
  await workspace.succeed("apply", "-auto-approve");
  expect(await ask("SELECT 1 AS one", { user: role, password: "first", database })).toEqual([{ one: 1 }]);

  // WHEN
  await workspace.write(
    configuration(
      { password_wo: "second", password_wo_version: "2" },
      { name: other, owner: "${postgresql_role.group.name}", connection_limit: 3 },
    ),
  );
  expect(unwrapped(await workspace.apply())).toContain("0 added, 2 changed, 0 destroyed");

  // THEN
  await expect(ask("SELECT", { user: role, password: "first", database: other })).rejects.toThrow(/password/);
  expect(
    await ask("SELECT tableowner::text AS owner FROM pg_tables WHERE tablename = 'mine'", {
      user: role,
      password: "second",
      database: other,
    }),
  ).toEqual([{ owner: group }]);
  expect(await workspace.state()).toMatchObject({
    "postgresql_database.app": { id: other, connection_limit: 3 },
  });
  expect(await workspace.plan()).toEqual({});
});

test("an admin who is no superuser can do it all", async () => {
  // GIVEN
  await ask(`CREATE ROLE "${other}" LOGIN CREATEROLE CREATEDB PASSWORD 'admin'`);
  const admin = {
    ...testProvider(),
    username: other,
    password: "admin",
    superuser: false,
    max_connections: 1,
  };
  const grant = { database: "${postgresql_database.app.name}", object_type: "database" };
  try {
    // WHEN
    await workspace.init({
      provider: { postgresql: admin },
      resource: {
        postgresql_role: { app: { name: role, password_wo: "first", password_wo_version: "1", login: true } },
        postgresql_database: { app: { name: database, owner: "${postgresql_role.app.name}" } },
        postgresql_grant: {
          schema: {
            ...grant,
            role,
            object_type: "schema",
            schema: "public",
            privileges: ["CREATE", "USAGE"],
          },
        },
      },
    });
    const applied = await workspace.apply();

    // THEN
    expect(unwrapped(applied)).toContain("3 added");
    const members = `SELECT FROM pg_auth_members WHERE member = '${other}'::regrole AND admin_option IS FALSE`;
    expect(await ask(members)).toEqual([]);
    expect(await workspace.plan()).toEqual({});
    await workspace.succeed("destroy", "-auto-approve");
  } finally {
    await dropAll({ databases: [database], roles: [role, other] });
  }
});

async function privilegesOfPublic(): Promise<string[]> {
  const rows = await ask<{ privilege: string }>(
    "SELECT privilege_type AS privilege FROM pg_database, aclexplode(datacl) WHERE datname = $1 AND grantee = 0",
    { values: [database] },
  );
  return rows.map(({ privilege }) => privilege);
}
