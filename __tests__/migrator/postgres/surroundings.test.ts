/** What is around a source's tables: extensions of other versions, settings of the app's, views that depend on them. */
import type { TestServer } from "../../support/global-setup";
import { Cleanup, Database } from "../support";
import { extensions } from "./photos";
import {
  contentOf,
  EmbeddedService,
  makeSource,
  programsOrReason,
  query,
  startServer,
  testIf,
} from "./support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());
jest.setTimeout(60_000);

let programs: string | undefined;
let server: TestServer;
beforeAll(async () => {
  programs = await programsOrReason();
  if (programs !== undefined) server = await startServer(cleanup, programs);
});

const ifPrograms = testIf(() => programs);

/** Moves a database of its own; answers how it ended, and both sides' rows. */
async function moved(sql: string, made = extensions) {
  let expected: unknown;
  const source = await makeSource(cleanup, programs!, [extensions, sql], async (client) => {
    expected = await contentOf(client);
  });
  const database = await Database.create(cleanup, server);
  if (made !== "") await query(server, database.name, made);
  const { code, stderr, stdout } = await new EmbeddedService(cleanup, programs!, database, source).migrate();
  const set = await database.query(
    "SELECT unnest(setconfig) AS set FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase WHERE datname = current_database()",
  );
  return { ended: [stderr, code], stdout, set, expected, found: await contentOf(database) };
}

const tables = `
  CREATE TABLE kysely_migrations (name text);
  CREATE TABLE t (n int PRIMARY KEY, at timestamptz, v vector(3));
  INSERT INTO t SELECT n, '2025-01-01 20:00+00'::timestamptz + n * interval '1 hour', '[1,2,3]' FROM generate_series(1, 20000) n;`;
/** As VectorChord's sphere_vector and sphere_rabitq8 are. */
const composite = "CREATE TYPE ball AS (center vector, radius real); ALTER EXTENSION vector ADD TYPE ball;";
const domain = `
  CREATE DOMAIN unit AS vector CONSTRAINT of_one CHECK (vector_norm(VALUE) = 1);
  ALTER EXTENSION vector ADD DOMAIN unit;`;

const timeouts = ["statement_timeout", "idle_in_transaction_session_timeout"];

ifPrograms(
  "types of another version of an extension stay behind, views hold what they held under the app's settings, its time-outs are not ours",
  async () => {
    const { ended, set, expected, found } = await moved(`${tables} ${composite}
      ALTER DATABASE postgres SET TimeZone TO 'Asia/Tokyo'; SET TimeZone TO 'Asia/Tokyo';
      CREATE MATERIALIZED VIEW per_day AS SELECT at::date AS day, count(*) FROM t GROUP BY 1;
      ${timeouts.map((name) => `ALTER DATABASE postgres SET ${name} TO '500ms'`).join("; ")}`);
    expect(ended).toEqual(["", 0]);
    expect(found).toEqual(expected);
    for (const name of timeouts) expect(set).toContainEqual({ set: `${name}=500ms` });
  },
);

ifPrograms("an extension that nothing is made with, and that the target lacks, is left out", async () => {
  const { ended, stdout } = await moved(`${tables} ALTER TABLE t DROP COLUMN v; ${composite}${domain}`, "");
  expect(ended).toEqual(["", 0]);
  expect(stdout).toContain(
    "extension vector is not in the target, and the source does not use it: not copied",
  );
});
