/** Moves and rollbacks that are struck while they are under way. They end on one side or the other, with every row. */
import { waitFor } from "../../servers/wait";
import { expectSuccess } from "../../story/expectations";
import { ask, waitForAnswer, type Side } from "../../story/services";
import type { Bench } from "../bench";
import type { Fault } from "../fault";
import { deployed, goesBack, moves, onSqlite, type SqliteSubject } from "../steps";
import {
  consulGone,
  moments,
  nomadClientKilled,
  nomadServerKilled,
  postgresKilled,
  terraformKilled,
  vaultSealed,
  type Blow,
  type Moment,
} from "./blows";
import { lastAttempt, ledgerState, toSource } from "./move-fault";
import { plant, uproot } from "./plants";

interface Struck {
  readonly blow: Blow;
  readonly moment: Moment;
  /** For name and description: `in-the-copy`, `in the middle of the copy`. */
  readonly when: readonly [name: string, words: string];
  readonly plants?: Parameters<typeof plant>[0];
}

/** Where the service is once the dust has settled: only one that is confirmed is on the server. */
async function settled(bench: Bench, { service }: SqliteSubject): Promise<Side> {
  const what = `${service.name} answers, and its ledger fits`;
  const side = await waitFor({ what, deadlineSeconds: 150, everyMs: 200 }, async () => {
    const { from } = await ask(service);
    const state = await ledgerState(bench, service);
    return (from === "server") === (state === "confirmed") && from;
  });
  bench.tell(`${service.name}: ended on the ${side}`);
  return side;
}

async function strike(
  bench: Bench,
  subject: SqliteSubject,
  change: typeof moves,
  { blow, moment }: Pick<Struck, "blow" | "moment">,
): Promise<void> {
  const before = (await lastAttempt(bench, subject.service))?.attempt ?? 0;
  const moving = deployed(bench, subject, change);
  await moment(bench, subject, before);
  await blow.strike(bench);
  await blow.restore(bench, moving);
  const { succeeded } = await moving;
  // cdktf says so of a Terraform that was killed, too.
  const deploy = succeeded ? "cdktf deploy ended without an error" : "the deploy failed";
  bench.tell(`${subject.service.name}: ${blow.name}; ${deploy}`);
}

function move({ blow, moment, when: [name, words], plants }: Struck): Fault {
  return {
    name: `move-${blow.name}-${name}`,
    about: `${blow.about} ${words} of a move`,
    strikes: ["prepared"],
    endsOn: "either",
    async inject(bench, struck) {
      for (const subject of onSqlite(struck)) {
        if (plants !== undefined) await plant(plants)(bench, subject);
        await strike(bench, subject, moves, { blow, moment });
        await settled(bench, subject);
      }
    },
    async tidy(bench, struck) {
      for (const subject of onSqlite(struck)) {
        if (plants !== undefined) await uproot(bench, subject);
        await toSource(bench, subject);
      }
    },
  };
}

function rollback({ blow, moment, when: [name, words] }: Struck): Fault {
  return {
    name: `rollback-${blow.name}-${name}`,
    about: `${blow.about} ${words} of a rollback`,
    strikes: ["cutover"],
    endsOn: "either",
    async inject(bench, struck) {
      for (const subject of onSqlite(struck)) {
        await strike(bench, subject, goesBack, { blow, moment });
        await settled(bench, subject);
      }
    },
    async tidy(bench, struck) {
      for (const subject of onSqlite(struck)) {
        const { service } = subject;
        const { from } = await ask(service);
        // The same rollback, if it has not come to its end; and back to where the next fault wants it.
        if (from === "server")
          expectSuccess(await deployed(bench, subject, goesBack), `the same rollback of ${service.name}`);
        expectSuccess(await deployed(bench, subject, moves), `${service.name} on its way to the server`);
        await waitForAnswer(service, "server", 30);
        await bench.steady(subject);
      }
    },
  };
}

const started = ["at-the-start", "at the start"] as const;
const copied = ["after-the-commit", "after the commit, before the app is confirmed,"] as const;
const rollingBack = ["after-the-swap", "once the source is replaced, before the app is confirmed,"] as const;

export const struckMoves: readonly Fault[] = [
  move({
    blow: postgresKilled,
    moment: moments.inTheCopy,
    when: ["in-the-copy", "in the middle of the copy"],
    plants: "slow copy",
  }),
  move({
    blow: postgresKilled,
    moment: moments.beforeCommit,
    when: ["before-the-commit", "before the commit"],
    plants: "slow end",
  }),
  move({ blow: postgresKilled, moment: moments.copied, when: copied }),
  move({ blow: nomadClientKilled, moment: moments.started, when: started }),
  move({ blow: nomadServerKilled, moment: moments.started, when: started }),
  move({ blow: nomadClientKilled, moment: moments.copied, when: copied }),
  move({ blow: vaultSealed, moment: moments.started, when: started }),
  move({ blow: consulGone, moment: moments.started, when: started }),
  move({ blow: terraformKilled, moment: moments.started, when: started }),
];

export const struckRollbacks: readonly Fault[] = [
  rollback({ blow: postgresKilled, moment: moments.rollingBack, when: rollingBack }),
  rollback({ blow: nomadClientKilled, moment: moments.rollingBack, when: rollingBack }),
  rollback({ blow: nomadServerKilled, moment: moments.rollingBack, when: rollingBack }),
  rollback({ blow: vaultSealed, moment: moments.rollingBack, when: rollingBack }),
  rollback({ blow: consulGone, moment: moments.rollingBack, when: rollingBack }),
  rollback({ blow: terraformKilled, moment: moments.rollingBack, when: rollingBack }),
];
