/** A disk that is full: under the snapshots, under what is rescued, under PostgreSQL. Small file systems in memory stand for them. */
import * as path from "node:path";
import { databaseOf } from "../../story/context";
import { expectThat, tail } from "../../story/expectations";
import { waitForAnswer } from "../../story/services";
import type { Bench } from "../bench";
import { enlarge, mountSmall, unmountSmall } from "../full-disk";
import { deployed, moves, type SqliteSubject } from "../steps";
import { moveFault } from "./move-fault";

/** A task sees what is mounted at the volume's own folder, and not what is mounted below it. */
const snapshotsOf = ({ lab }: Bench) => lab.volumes.snapshots!;
const spaceOf = ({ lab }: Bench, { service }: SqliteSubject) =>
  path.join(lab.directory, `space-${service.name}`);
const nameOf = ({ service }: SqliteSubject) => `${databaseOf(service)}_space`;

export const fullDisks = [
  moveFault({
    name: "disk-full-snapshots",
    alone: true,
    about: "the snapshots' volume is full",
    spoil: (bench) => mountSmall(snapshotsOf(bench), "1m"),
    fails: { task: "migrate", says: /1 MiB free, \d+ MiB needed for the snapshot\. Free disk space there/ },
    mend: (bench) => unmountSmall(snapshotsOf(bench)),
  }),
  moveFault({
    name: "disk-full-server",
    about: "PostgreSQL's disk is full before the copy is",
    spoil: async (bench, subject) => {
      const [space, database] = [nameOf(subject), databaseOf(subject.service)];
      await mountSmall(spaceOf(bench, subject), "200k");
      await bench.asAdmin("postgres", async (client) => {
        await client.query(`CREATE TABLESPACE ${space} LOCATION '${spaceOf(bench, subject)}'`);
        await client.query(`GRANT CREATE ON TABLESPACE ${space} TO ${database}`);
        await client.query(
          `ALTER ROLE ${database} IN DATABASE ${database} SET default_tablespace = ${space}`,
        );
      });
    },
    fails: { task: "migrate", says: /nothing changed[^]*No space left on device/ },
    mend: (bench, subject) => enlarge(spaceOf(bench, subject)),
  }),
  moveFault({
    name: "disk-full-rescue",
    alone: true,
    about:
      "a second move has to keep rows that the first one's app left on the server, and has no room for them",
    spoil: async (bench, subject) => {
      const { service } = subject;
      const unwell = { PGMOOR_LAB_FAULT: "broken-on-postgresql" };
      const first = await deployed(bench, subject, { ...moves, environment: unwell });
      expectThat(!first.succeeded, "the first move should fail", tail(first));
      await bench.deployment.edit([service.name], { environment: service.environment });
      await waitForAnswer(service, "source", 30);
      await bench.steady(subject);
      await bench.asAdmin(databaseOf(service), (client) =>
        client.query(`
          INSERT INTO ciphers (uuid, created_at, updated_at, atype, name, data)
          SELECT gen_random_uuid(), now(), now(), 1, 'only on the server',
                 (SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 32000 + n % 1))
            FROM generate_series(1, 120) AS n`),
      );
      await mountSmall(snapshotsOf(bench), "44m");
    },
    fails: { task: "migrate", says: /cannot dump the app's tables[^]*Free disk space there/ },
    mend: (bench) => unmountSmall(snapshotsOf(bench)),
  }),
];
