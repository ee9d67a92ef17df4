/** The clock of the machine that runs the migrator is an hour off: of that program alone, as the lab has one machine. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { expectSuccess } from "../story/expectations";
import { waitForAnswer } from "../story/services";
import type { Bench } from "./bench";
import type { Fault } from "./fault";
import { expectConfirmed } from "./moves/move-fault";
import { deployed, goesBack, moves, onSqlite } from "./steps";

const bundle = ({ lab }: Bench) => path.join(lab.programs, "pgmoor-migrator.cjs");
const onTime = "pgmoor-migrator-on-time.cjs";

/** Loads the migrator with another clock. */
function shifted(seconds: number): string {
  return `const Real = Date;
globalThis.Date = class extends Real {
  constructor(...given) {
    if (given.length === 0) super(Real.now() + ${seconds * 1000});
    else super(...given);
  }
  static now() {
    return Real.now() + ${seconds * 1000};
  }
};
require("./${onTime}");
`;
}

function clockOff(name: string, words: string, seconds: number): Fault {
  const restore = (bench: Bench) => fs.rename(path.join(path.dirname(bundle(bench)), onTime), bundle(bench));
  return {
    name,
    about: `the clock where the migrator runs is an hour ${words}: a move, and the way back`,
    strikes: ["prepared"],
    async inject(bench, struck) {
      await fs.rename(bundle(bench), path.join(path.dirname(bundle(bench)), onTime));
      await fs.writeFile(bundle(bench), shifted(seconds));
      try {
        for (const subject of onSqlite(struck)) {
          expectSuccess(await deployed(bench, subject, moves), `the move of ${subject.service.name}`);
          await waitForAnswer(subject.service, "server", 30);
          await expectConfirmed(bench, subject);
          expectSuccess(await deployed(bench, subject, goesBack), `the rollback of ${subject.service.name}`);
          await waitForAnswer(subject.service, "source", 30);
        }
      } finally {
        await restore(bench);
      }
    },
    async tidy(bench, struck) {
      for (const subject of onSqlite(struck))
        expectSuccess(
          await deployed(bench, subject, { phase: "prepared", rollback: undefined }),
          "the deploy as prepared",
        );
    },
  };
}

export const clocksOff = [
  clockOff("clock-an-hour-ahead", "ahead", 3600),
  clockOff("clock-an-hour-behind", "behind", -3600),
];
