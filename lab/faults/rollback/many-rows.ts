import * as path from "node:path";
import Database from "libsql";
import { expectSuccess, expectThat } from "../../story/expectations";
import { handOver, sourceFile } from "../../story/sqlite-source";
import { ask, waitForAnswer } from "../../story/services";
import { watchAway } from "../../story/watch";
import type { Bench } from "../bench";
import type { Fault } from "../fault";
import { deployed, goesBack, moves, type SqliteSubject } from "../steps";

const rows = 10_000;
/** On an idle machine. */
const secondsAway = 10;

export const manyRows: Fault = {
  name: "rollback-of-10000-rows",
  about: `a service with ${rows} rows moves and goes back: it is away for less than ${secondsAway} s`,
  strikes: [],
  own: "vaultwarden",
  endsOn: "source",
  async inject(bench, [one]) {
    const subject = one as SqliteSubject;
    const { service } = subject;
    await addRows(bench, subject);
    const move = watchAway(service);
    expectSuccess(await deployed(bench, subject, moves), `the move of ${service.name}`);
    await waitForAnswer(service, "server", 30);
    const awayForMove = await move.stop();
    const back = watchAway(service);
    expectSuccess(await deployed(bench, subject, goesBack), `the rollback of ${service.name}`);
    const { items } = await waitForAnswer(service, "source", 30);
    const away = await back.stop();
    bench.tell(
      `${service.name}: ${items} items; away for ${awayForMove.toFixed(1)} s for the move, ${away.toFixed(1)} s for the rollback`,
    );
    expectThat((await ask(service)).items > rows, "every row should be there");
    expectThat(away < secondsAway, `the rollback should take less than ${secondsAway} s, not ${away} s`);
  },
};

/** While the service runs on the file. */
async function addRows({ lab }: Bench, { service }: SqliteSubject): Promise<void> {
  const file = sourceFile(lab, service);
  const database = new Database(file);
  database.pragma("busy_timeout = 5000");
  database.exec(`
    INSERT INTO ciphers (uuid, created_at, updated_at, atype, name, notes, data)
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
    SELECT lower(hex(randomblob(16))), '2025-06-01 00:00:00.123456', '2025-06-01 00:00:00.123456', 1, 'Item ' || i,
           'note ' || i, '{"username":"user' || i || '"}'
      FROM n`);
  database.close();
  await handOver(path.dirname(file));
}
