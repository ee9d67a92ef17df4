import { knownTables } from "../../../../migrator/copy/migrations";
import type { ShapeCase } from "./shape";

const migrated = (version: string) => ({
  target: `CREATE TABLE t (a integer); CREATE TABLE m (${version}); `,
  source: `CREATE TABLE t (a); CREATE TABLE m (${version}); `,
});
const django = migrated("id integer, app text, name text");
const diesel = migrated("version varchar(50), run_on timestamp");
const knex = migrated("id integer, name varchar(255), batch integer");
const golang = migrated("version bigint, dirty boolean");
const typeorm = migrated('id integer, "timestamp" bigint, name text');
const goose = migrated("id integer, version_id bigint, is_applied boolean");
const alembic = migrated("version_num varchar(32)");
const newest = [{ table: "m", compare: "newest" }] as const;

/** The app's own record of its migrations, the table `m`. */
export const migrations: readonly ShapeCase[] = [
  {
    name: "Django's migrations: the same ones, in another order",
    target: `${django.target} INSERT INTO m VALUES (1, 'auth', '0001'), (2, 'app', '0001')`,
    source: `${django.source} INSERT INTO m VALUES (1, 'app', '0001'), (5, 'auth', '0001')`,
    migrationTables: ["m"],
    reads: [
      "SELECT id, app FROM m ORDER BY id",
      [
        { id: 1, app: "auth" },
        { id: 2, app: "app" },
      ],
    ],
  },
  {
    name: "Knex's migrations: the source is newer",
    target: `${knex.target} INSERT INTO m VALUES (1, '1.js', 1)`,
    source: `${knex.source} INSERT INTO m VALUES (1, '1.js', 1), (2, '2.js', 2)`,
    migrationTables: ["m"],
    refused: ["m: the target lacks 2.js. The source is newer than the app's image"],
  },
  {
    name: "Knex's migrations: the source is older",
    target: `${knex.target} INSERT INTO m SELECT i, i || '.js', 1 FROM generate_series(1, 9) AS i`,
    source: `${knex.source} INSERT INTO m VALUES (1, '1.js', 1)`,
    migrationTables: ["m"],
    refused: [
      "m: the source lacks 2.js, 3.js, 4.js, 5.js, 6.js and 3 more. The source is older",
      "start this image once on the SQLite file",
    ],
  },
  {
    name: "Diesel's migrations, written for each database",
    target: `${diesel.target} INSERT INTO m VALUES ('20190101', now()), ('20260505', now())`,
    source: `${diesel.source} INSERT INTO m VALUES ('20180101', 'x'), ('20260505', 'x')`,
    migrationTables: ["m"],
    refused: ["the target lacks 20180101, the source 20190101", '{ table: "m", compare: "newest" }'],
  },
  {
    name: "Diesel's migrations, written for each database, declared",
    target: `${diesel.target} INSERT INTO m VALUES ('20190101', now()), ('20260505', now())`,
    source: `${diesel.source} INSERT INTO m VALUES ('20180101', 'x'), ('20260505', 'x')`,
    migrationTables: newest,
    reads: ["SELECT count(*)::int AS n FROM m", [{ n: 2 }]],
  },
  {
    name: "Diesel's migrations, written for each database, declared: the source is older",
    target: `${diesel.target} INSERT INTO m VALUES ('20190101', now()), ('20260505', now())`,
    source: `${diesel.source} INSERT INTO m VALUES ('20180101', 'x'), ('20250101', 'x')`,
    migrationTables: newest,
    refused: ["m: the newest is 20250101 in the source, 20260505 in the target. The source is older"],
  },
  {
    name: "golang-migrate's one number, by its value",
    target: `${golang.target} INSERT INTO m VALUES (9, false)`,
    source: `${golang.source} INSERT INTO m VALUES (10, 0)`,
    migrationTables: newest,
    refused: ["m: the newest is 10 in the source, 9 in the target. The source is newer"],
  },
  {
    name: "TypeORM's, written for each database: the last is the one with the latest stamp",
    target: `${typeorm.target} INSERT INTO m VALUES (1, 1644421939510, 'Zero1644421939510'), (2, 1764167920585, 'Add1764167920585')`,
    source: `${typeorm.source} INSERT INTO m VALUES (1, 1644422880309, 'Zero1644422880309'), (2, 1764167920585, 'Add1764167920585')`,
    migrationTables: ["m"],
    refused: [
      "the target lacks Zero1644422880309, the source Zero1644421939510",
      '{ table: "m", compare: "newest" }',
    ],
  },
  {
    name: "TypeORM's, written for each database, declared",
    target: `${typeorm.target} INSERT INTO m VALUES (1, 1644421939510, 'Zero1644421939510'), (2, 1764167920585, 'Add1764167920585')`,
    source: `${typeorm.source} INSERT INTO m VALUES (1, 1644422880309, 'Zero1644422880309'), (2, 1764167920585, 'Add1764167920585')`,
    migrationTables: newest,
    reads: ["SELECT count(*)::int AS n FROM m", [{ n: 2 }]],
  },
  {
    name: "TypeORM's, declared: the source is newer",
    target: `${typeorm.target} INSERT INTO m VALUES (1, 1644421939510, 'Zero1644421939510')`,
    source: `${typeorm.source} INSERT INTO m VALUES (1, 1644421939510, 'Zero1644421939510'), (2, 1764167920585, 'Add1764167920585')`,
    migrationTables: newest,
    refused: [
      "the newest is Add1764167920585 in the source, Zero1644421939510 in the target. The source is newer",
    ],
  },
  {
    name: "a record that only one side has",
    target: `${diesel.target}`,
    source: "CREATE TABLE t (a)",
    migrationTables: ["m"],
    refused: ["m: only in the target, so pgmoor cannot compare the releases"],
  },
  {
    name: "a table of locks",
    target: `${migrated("is_locked integer").target}`,
    source: `${migrated("is_locked integer").source}`,
    migrationTables: ["m"],
    refused: ["m: pgmoor cannot tell which column", '{ table: "m", compare: "nothing" }'],
  },
  {
    name: "a table of locks, declared",
    target: `${migrated("is_locked integer").target} INSERT INTO m VALUES (0)`,
    source: `${migrated("is_locked integer").source} INSERT INTO m VALUES (1)`,
    migrationTables: [{ table: "m", compare: "nothing" }],
    reads: ["SELECT * FROM m", [{ is_locked: 0 }]],
  },
  {
    name: "goose's, one of which was taken back",
    target: `${goose.target} INSERT INTO m VALUES (1, 0, true), (2, 7, true)`,
    source: `${goose.source} INSERT INTO m VALUES (1, 0, 1), (2, 7, 1), (3, 8, 1), (4, 8, 0)`,
    migrationTables: ["m"],
    reads: ["SELECT count(*)::int AS n FROM m", [{ n: 2 }]],
  },
  {
    name: "goose's, taken back and applied again",
    target: `${goose.target} INSERT INTO m VALUES (1, 0, true), (2, 7, true)`,
    source: `${goose.source} INSERT INTO m VALUES (1, 0, 1), (2, 7, 1), (3, 8, 1), (4, 8, 0), (5, 8, 1)`,
    migrationTables: ["m"],
    refused: ["m: the target lacks 8. The source is newer"],
  },
  {
    name: "golang-migrate's, failed half-way",
    target: `${golang.target} INSERT INTO m VALUES (9, false)`,
    source: `${golang.source} INSERT INTO m VALUES (9, 1)`,
    migrationTables: newest,
    refused: ["m: a migration failed half-way in the source (dirty)"],
  },
  {
    name: "Alembic's, written for each database: which is newer, nobody can tell",
    target: `${alembic.target} INSERT INTO m VALUES ('9e83011d1f2a')`,
    source: `${alembic.source} INSERT INTO m VALUES ('1a0748c3a2f4')`,
    migrationTables: newest,
    refused: ["Their names do not show which is newer", '{ table: "m", compare: "nothing" }'],
  },
  {
    name: "Alembic's, undeclared: what is proposed goes through",
    target: `${alembic.target} INSERT INTO m VALUES ('9e83011d1f2a')`,
    source: `${alembic.source} INSERT INTO m VALUES ('1a0748c3a2f4')`,
    migrationTables: ["m"],
    refused: ['declare { table: "m", compare: "nothing" }'],
  },
  {
    name: "a table of the app's that has the name of a tool's",
    target: "CREATE TABLE migrations (id integer, bird text)",
    source: "CREATE TABLE migrations (id INTEGER, bird TEXT); INSERT INTO migrations VALUES (1, 'stork')",
    migrationTables: knownTables,
    reads: ["SELECT bird FROM migrations", [{ bird: "stork" }]],
  },
  {
    name: "Laravel's, under the same name",
    target:
      "CREATE TABLE t (a integer); CREATE TABLE migrations (id integer, migration text, batch integer); INSERT INTO migrations VALUES (1, 'a', 1)",
    source:
      "CREATE TABLE t (a); CREATE TABLE migrations (id, migration TEXT, batch); INSERT INTO migrations VALUES (9, 'a', 1)",
    migrationTables: knownTables,
    reads: ["SELECT id FROM migrations", [{ id: 1 }]],
  },
];
