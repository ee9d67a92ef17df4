/** Rollbacks that fail: the service goes on on the server, soon, with every row. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import Database from "libsql";
import { databaseOf } from "../../story/context";
import { handOver, sourceFile } from "../../story/sqlite-source";
import type { Bench } from "../bench";
import type { Fault } from "../fault";
import { mountSmall, unmountSmall } from "../full-disk";
import { expectStop } from "../mistakes/mistake";
import { backOnServer, deployed, goesBack, moves, onSqlite, type SqliteSubject } from "../steps";

interface Failure {
  readonly name: string;
  readonly about: string;
  readonly spoil: (bench: Bench, subject: SqliteSubject) => Promise<unknown>;
  readonly mend: (bench: Bench, subject: SqliteSubject) => Promise<unknown>;
  readonly fails: "roll-back" | "confirm";
  readonly says: RegExp;
}

function failure({ name, about, spoil, mend, fails, says }: Failure): Fault {
  return {
    name,
    about,
    strikes: ["cutover"],
    withinSeconds: 20,
    async inject(bench, struck) {
      let since = performance.now();
      for (const subject of onSqlite(struck)) {
        await spoil(bench, subject);
        const outcome = await deployed(bench, subject, goesBack);
        since = await backOnServer(bench, subject, outcome, fails, says);
      }
      return since;
    },
    async tidy(bench, struck) {
      for (const subject of onSqlite(struck)) {
        await mend(bench, subject);
        await bench.deployment.edit([subject.service.name], moves);
        await bench.deploy([subject]);
      }
    },
  };
}

const onServer =
  (sql: string) =>
  (bench: Bench, { service }: SqliteSubject): Promise<unknown> =>
    bench.asAdmin(databaseOf(service), (client) => client.query(sql));

const asOwner = (sql: string) => async (bench: Bench, subject: SqliteSubject) =>
  onServer(`SET ROLE "${databaseOf(subject.service)}"; ${sql}; RESET ROLE`)(bench, subject);

/** The app answers its users on SQLite, and never says that it is well. */
const unwell = { PGMOOR_LAB_FAULT: "unhealthy-on-sqlite", PGMOOR_LAB_FAULT_FILE: "/data/db.sqlite3" };

const failures: readonly Failure[] = [
  {
    name: "rollback-fails-in-the-copy",
    about: "the server has rows that the source's schema has no place for",
    spoil: asOwner("CREATE TABLE surplus (id integer PRIMARY KEY); INSERT INTO surplus VALUES (1)"),
    mend: asOwner("DROP TABLE surplus"),
    fails: "roll-back",
    says: /surplus/,
  },
  {
    name: "rollback-source-changed",
    about: "somebody has written to the source since the move",
    spoil: async ({ lab }, { service }) => {
      const folder = lab.volumes[service.volume]!;
      await fs.cp(folder, `${folder}.before`, { recursive: true, preserveTimestamps: true });
      const file = sourceFile(lab, service);
      const database = new Database(file);
      database.exec("UPDATE ciphers SET name = 'changed after the move' WHERE rowid = 1");
      database.close();
      await handOver(path.dirname(file));
    },
    mend: async ({ lab }, { service }) => {
      const folder = lab.volumes[service.volume]!;
      // The folder itself is mounted.
      for (const name of await fs.readdir(folder)) await fs.rm(path.join(folder, name), { recursive: true });
      await fs.cp(`${folder}.before`, folder, { recursive: true, preserveTimestamps: true });
      await fs.rm(`${folder}.before`, { recursive: true });
      await handOver(folder);
    },
    fails: "roll-back",
    says: /has changed since it was copied to the server/,
  },
  {
    name: "rollback-disk-full",
    about: "the snapshots' volume, where the old file is kept, is full",
    spoil: ({ lab }) => mountSmall(lab.volumes.snapshots!, "1m"),
    mend: ({ lab }) => unmountSmall(lab.volumes.snapshots!),
    fails: "roll-back",
    says: /1 MiB free, \d+ MiB needed/,
  },
  {
    name: "rollback-app-does-not-start",
    about: "the app takes rows on its source, and never says that it is well",
    spoil: ({ deployment }, { service }) => deployment.edit([service.name], { environment: unwell }),
    mend: ({ deployment }, { service }) => deployment.edit([service.name], { environment: {} }),
    fails: "confirm",
    says: /the app does not answer 2xx/,
  },
];

/** Refused by the plan: nothing is stopped. */
const appUpgraded: Fault = {
  name: "rollback-app-upgraded",
  about: "the app was upgraded on the server",
  strikes: ["cutover"],
  silentForSeconds: 5,
  async inject(bench, struck) {
    for (const subject of onSqlite(struck)) {
      await asOwner("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')")(
        bench,
        subject,
      );
      await bench.deployment.edit([subject.service.name], goesBack);
      await expectStop(
        bench,
        subject,
        /was upgraded on the server since its move: [^.]*__diesel_schema_migrations[^.]*\./,
      );
    }
  },
  async tidy(bench, struck) {
    for (const subject of onSqlite(struck)) {
      await asOwner("DELETE FROM __diesel_schema_migrations WHERE version = '99990101000000'")(
        bench,
        subject,
      );
      await bench.deployment.edit([subject.service.name], moves);
    }
  },
};

export const failedRollbacks: readonly Fault[] = [...failures.map(failure), appUpgraded];
