import { extensions, library, schema } from "../../../../lab/samples/immich/schema";
import { postgresPrograms } from "../../../../lab/servers/postgres";
import type { TestServer } from "../../../support/global-setup";
import { Cleanup, Database, report } from "../../support";
import {
  contentOf,
  EmbeddedService,
  makeSource,
  programsOrReason,
  query,
  type Asked,
  type Source,
} from "../support";

const count = process.env.PGMOOR_THOROUGH === undefined ? 300 : 20_000;
const admins = extensions.map((name) => `CREATE EXTENSION "${name}"`).join("; ");

/** What goes in COPY's binary form and the library has not. On x86, the computed NaN has another bit pattern than PostgreSQL's own. */
const kinds = `
  CREATE DOMAIN price AS numeric(9, 2) CHECK (VALUE < 1000);
  CREATE TABLE kinds (
    a bool, b int2, c int8, d numeric, e float4, f float8, g date, h time, i timetz, j timestamp, k inet, l cidr, m macaddr,
    n bit(3), o varbit, p char(9), q json, r price, s text[], t timestamptz[], u int GENERATED ALWAYS AS (b * 2) STORED, v interval
  );
  INSERT INTO kinds (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, v) VALUES
    (true, -32768, 9223372036854775807, 1.00, 0.1, 0.1, 'infinity', '24:00', '12:00:00.000001-07', '4714-11-24 BC', '10.0.0.1/24',
     '10.0.0.0/24', '08:00:2b:01:02:03', B'101', B'1', 'ä', '{"a" : 1}', 1.5, '[0:1]={"a,b",NULL}', '{2026-01-01}', '1 month -1 day'),
    (false, 32767, -1, 'Infinity', 'NaN', 'Infinity'::float8 - 'Infinity', '-infinity', '00:00', '00:00+14', 'infinity', '::1', '::/0',
     '00:00:00:00:00:00', B'000', B'', '', 'null', -1, '{}', NULL, '0');
  INSERT INTO kinds (d, e, f) VALUES ('NaN', '-0', '-0'), (1e-200, '1.4e-45', '5e-324'), (NULL, NULL, NULL);
  CREATE TABLE bare ();
  INSERT INTO bare DEFAULT VALUES`;

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(120_000);

/** What the extensions find: by trigrams without accents, by the distance between two places. */
async function findings(client: Asked): Promise<unknown> {
  return [
    await client.query(
      `SELECT checksum FROM asset WHERE f_unaccent("originalPath") ILIKE '%zurich%7%' ORDER BY checksum`,
    ),
    await client.query(
      `SELECT checksum FROM asset_exif JOIN asset ON id = "assetId"
       WHERE earth_box(ll_to_earth_public(47.5, 8.2), 30000) @> ll_to_earth_public(latitude, longitude) ORDER BY checksum`,
    ),
  ];
}

async function objectsOf(client: Asked): Promise<unknown> {
  return client.query(`
    SELECT pg_get_indexdef(indexrelid) AS definition FROM pg_index i JOIN pg_class c ON c.oid = indrelid
    WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
    ORDER BY 1`);
}

test("PostgreSQL 14, as the homelab's Immich has it, to 16: rows, indexes, triggers, and what they find", async () => {
  const clients = await programsOrReason();
  if (clients === undefined) return;
  const old = await postgresPrograms(14);
  let expected: unknown;
  const look = async (client: Asked) => {
    expected = [await objectsOf(client), await findings(client), await contentOf(client)];
  };
  const source: Source = await makeSource(cleanup, old, [admins, schema, library(count), kinds], look);
  const database = await Database.create(cleanup);
  await query(JSON.parse(process.env.PGMOOR_TEST_PG!) as TestServer, database.name, admins);
  const service = new EmbeddedService(cleanup, old, database, source);
  service.clients = clients;

  const outcome = await service.migrate();
  expect([outcome.stderr, outcome.code]).toEqual(["", 0]);
  expect(report(outcome)).toMatchObject({ outcome: "verified", tables: 7 });
  expect([await objectsOf(database), await findings(database), await contentOf(database)]).toEqual(expected);
  expect(await database.query("SELECT nextval('album_id_seq')::int AS next")).toEqual([{ next: 21 }]);
});
