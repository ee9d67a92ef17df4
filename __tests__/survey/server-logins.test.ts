/** On a real PostgreSQL: which logins and libraries a server has that pgmoor's job would not have. */
import { Client } from "pg";
import { homelab } from "../../environments/homelab";
import { serverLogins } from "../../survey/server-logins";
import { ask, dropAll, testServer } from "../lab/providers/support/test-postgres";

const [app, reader, member] = ["app", "reader", "member"].map((name) => `l${process.pid}_${name}`) as [
  string,
  string,
  string,
];
const password = "of the test";

beforeAll(async () => {
  await ask(`CREATE ROLE ${app} LOGIN PASSWORD '${password}'`);
  await ask(`CREATE ROLE ${reader} LOGIN PASSWORD '${password}'`);
  await ask(`CREATE ROLE ${member} LOGIN PASSWORD '${password}' IN ROLE ${app}`);
  await ask(`CREATE DATABASE ${app} OWNER ${app}`);
});
afterAll(() => dropAll({ databases: [app], roles: [member, reader, app] }));

async function logins() {
  const { host, port, user, password: own } = testServer();
  const admin = { presence: "present" as const, data: { username: user, password: own } };
  const found = await serverLogins(homelab, { host, port }, admin);
  // Other tests have roles and sessions on this server, too.
  const ours = (names: readonly string[]) => names.filter((name) => name.startsWith(`l${process.pid}_`));
  return { md5: ours(found!.md5), elsewhere: ours(found!.elsewhere), unencrypted: ours(found!.unencrypted) };
}

test("a role with an MD5 password, until it has another", async () => {
  await ask(`SET password_encryption = 'md5'; ALTER ROLE ${reader} PASSWORD '${password}'`);
  expect((await logins()).md5).toEqual([reader]);
  await ask(`SET password_encryption = 'scram-sha-256'; ALTER ROLE ${reader} PASSWORD '${password}'`);
  expect((await logins()).md5).toEqual([]);
});

test("sessions in a database of another name, unless the role is a member of one of that name", async () => {
  const sessions = [app, reader, member].map(
    (user) => new Client({ ...testServer(), user, password, database: app }),
  );
  await Promise.all(sessions.map((session) => session.connect()));
  try {
    expect(await logins()).toEqual({
      md5: [],
      elsewhere: [`${reader} in ${app}`],
      unencrypted: [app, member, reader],
    });
  } finally {
    await Promise.all(sessions.map((session) => session.end()));
  }
});

test("nobody tells without an admin", async () => {
  const { host, port } = testServer();
  expect(await serverLogins(homelab, { host, port }, { presence: "absent", data: {} })).toBeUndefined();
});
