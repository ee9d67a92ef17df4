import { expectSuccess, expectThat } from "../../story/expectations";
import { ask } from "../../story/services";
import { watchAway } from "../../story/watch";
import type { Bench } from "../bench";
import type { Fault } from "../fault";
import { deployed, goesBack, moves, onSqlite, type SqliteSubject } from "../steps";

const rounds = process.env.PGMOOR_THOROUGH === undefined ? 2 : 20;

/** A writer's every acknowledged row has to be there after so many ways back and forth. */
export const copyBackAndMove: Fault = {
  name: "rollback-copy-back",
  about: "the service goes back with its rows, and moves again, under somebody who writes all the time",
  strikes: ["cutover"],
  async inject(bench, struck) {
    for (const subject of onSqlite(struck)) {
      for (let round = 1; round <= rounds; round++) {
        const back = await goes(bench, subject, "source");
        const again = await goes(bench, subject, "server");
        const { items } = await ask(subject.service);
        bench.tell(
          `${subject.service.name}: round ${round}: away for ${back} s, then ${again} s; ${items} items`,
        );
      }
    }
  },
};

/** @returns for how long it did not answer, in seconds */
async function goes(bench: Bench, subject: SqliteSubject, side: "source" | "server"): Promise<string> {
  const watch = watchAway(subject.service);
  const outcome = await deployed(bench, subject, side === "source" ? goesBack : moves);
  const silence = await watch.stop();
  expectSuccess(outcome, `${subject.service.name} on its way to its ${side}`);
  const { from } = await ask(subject.service);
  expectThat(from === side, `${subject.service.name} should be on its ${side}, and is on its ${from}`);
  return silence.toFixed(1);
}
