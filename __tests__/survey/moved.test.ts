/** What the survey reads of a service that has moved, from a real server. */
import type { Client } from "pg";
import { begin, recordConfirmed } from "../../migrator/ledger/ledger";
import { migrationsOf, recordMigrations } from "../../migrator/ledger/rollback";
import { connect, endSession } from "../../migrator/server/connection";
import { loginOf } from "../../migrator/server/login";
import { vaultwarden } from "../../services/vaultwarden";
import { movedOf } from "../../survey/moved";
import { Cleanup, Database } from "../migrator/support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

const records = "__diesel_schema_migrations";

test("how many rows there are, how many were copied, and whether the app was upgraded since", async () => {
  const database = await Database.create(cleanup);
  const client: Client = await connect(loginOf(database.environment));
  cleanup.add(() => endSession(client));
  const moved = () => movedOf(client, vaultwarden);
  await client.query(
    `CREATE TABLE ${records} (version text, run_on timestamptz DEFAULT now()); INSERT INTO ${records} VALUES ('1')`,
  );
  await client.query(
    "CREATE TABLE users (id integer); CREATE TABLE ciphers (id integer); INSERT INTO users VALUES (1), (2)",
  );
  expect(await moved()).toBeUndefined();
  await begin(client, { number: 1, service: "vaultwarden", allocation: undefined });
  await client.query("UPDATE pgmoor.ledger SET state = 'copied', rows = 2");
  expect(await moved()).toBeUndefined();
  await recordConfirmed(client, 1);
  // A release that did not record the migrations moved it.
  expect(await moved()).toEqual({ copied: 2, rows: 2, upgraded: [] });
  await recordMigrations(client, 1, await migrationsOf(client, vaultwarden.source!.migrationTables));
  await client.query("INSERT INTO ciphers VALUES (7), (8)");
  expect(await moved()).toEqual({ copied: 2, rows: 4, upgraded: [] });
  await client.query(`INSERT INTO ${records} VALUES ('2')`);
  expect(await moved()).toEqual({ copied: 2, rows: 4, upgraded: [records] });
});
