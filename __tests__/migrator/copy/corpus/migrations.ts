import type { ShapeCase } from "./shape";

const migrated = (version: string) => ({
  target: `CREATE TABLE t (a integer); CREATE TABLE m (${version}); `,
  source: `CREATE TABLE t (a); CREATE TABLE m (${version}); `,
});
const django = migrated("id integer, app text, name text");
const diesel = migrated("version varchar(50), run_on timestamp");
const knex = migrated("id integer, name varchar(255), batch integer");
const golang = migrated("version bigint, dirty boolean");
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
      "start this image on the SQLite file once",
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
    name: "a record that only one side has",
    target: `${diesel.target}`,
    source: "CREATE TABLE t (a)",
    migrationTables: ["m"],
    refused: ["m: in the target only, so that nobody can tell"],
  },
  {
    name: "a table of locks",
    target: `${migrated("is_locked integer").target}`,
    source: `${migrated("is_locked integer").source}`,
    migrationTables: ["m"],
    refused: ["m: no column that is known", '{ table: "m", compare: "nothing" }'],
  },
  {
    name: "a table of locks, declared",
    target: `${migrated("is_locked integer").target} INSERT INTO m VALUES (0)`,
    source: `${migrated("is_locked integer").source} INSERT INTO m VALUES (1)`,
    migrationTables: [{ table: "m", compare: "nothing" }],
    reads: ["SELECT * FROM m", [{ is_locked: 0 }]],
  },
];
