/** Moves and rollbacks that are struck while they are under way. They end on one side or the other, with every row. */
import { waitFor } from "../../servers/wait";
import { expectSuccess, expectThat, tail } from "../../story/expectations";
import { ask, waitForAnswer, type Side } from "../../story/services";
import type { Bench } from "../bench";
import type { Fault } from "../fault";
import { deployed, goesBack, moves, onSqlite, type SqliteSubject } from "../steps";
import {
  consulGone,
  nomadClientKilled,
  nomadServerKilled,
  postgresKilled,
  terraformKilled,
  vaultSealed,
  type Blow,
} from "./blows";
import { moments, type Moment } from "./moments";
import { lastAttempt, ledgerState, toSource } from "./move-fault";

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

/**
 * A job that fails while Vault is sealed cannot start in its old version either. Nothing of it runs then, and Nomad has no
 * evaluation left: the docs have the person deploy again (when-a-service-is-down).
 */
async function deployAgainIfEnded(bench: Bench, subject: SqliteSubject, change: typeof moves): Promise<void> {
  const { name } = subject.service;
  const what = `${name} answers, or nothing of its job runs any more`;
  const { answers } = await waitFor({ what, deadlineSeconds: 150, everyMs: 200 }, async () => {
    if ((await bench.silent([subject])).length === 0) return { answers: true };
    return (await bench.nomad.hasEnded(name)) && { answers: false };
  });
  if (answers) return;
  expectSuccess(
    await deployed(bench, subject, change),
    `the same deploy of ${name}, of whose job nothing runs,`,
  );
  bench.tell(`${name}: nothing of its job ran: deployed again, as the docs say`);
}

/** @throws when the blow has not landed in its moment */
async function strike(
  bench: Bench,
  subject: SqliteSubject,
  change: typeof moves,
  blow: Blow,
  moment: Moment,
): Promise<void> {
  const { name } = subject.service;
  const before = (await lastAttempt(bench, subject.service))?.attempt ?? 0;
  const moving = deployed(bench, subject, { ...change, ...(await moment.hold(bench, subject)) });
  const isThere = () => moment.isThere(bench, subject, before);
  const wait = { what: `${name} is ${moment.words}`, deadlineSeconds: 150, everyMs: 20 };
  const early = await Promise.race([moving, waitFor(wait, isThere).then(() => undefined)]);
  expectThat(early === undefined, `the deploy of ${name} ended too early`, early && tail(early));
  try {
    await land(bench, subject, blow, moment, isThere);
    if (blow.lasts !== undefined) await moving;
  } finally {
    // What it struck is needed by whatever comes next, also when something went wrong here.
    await blow.restore(bench);
  }
  const { succeeded } = await moving;
  // cdktf says so of a Terraform that was killed, too.
  bench.tell(`${name}: ${succeeded ? "cdktf deploy ended without an error" : "the deploy failed"}`);
}

async function land(
  bench: Bench,
  subject: SqliteSubject,
  blow: Blow,
  moment: Moment,
  isThere: () => Promise<boolean>,
): Promise<void> {
  const { name } = subject.service;
  await blow.strike(bench);
  // Where nobody can ask, it is held there all the same.
  if (blow.blinds === undefined)
    expectThat(await isThere(), `${name}: ${blow.name} should have landed ${moment.words}`);
  bench.tell(`${name}: ${blow.name}, landed ${moment.name}`);
  await moment.letGo(bench, subject);
}

function move(blow: Blow, moment: Moment): Fault {
  return {
    name: `move-${blow.name}-${moment.name}`,
    about: `${blow.about} ${moment.words} of a move`,
    strikes: ["prepared"],
    endsOn: "either",
    async inject(bench, struck) {
      for (const subject of onSqlite(struck)) {
        await strike(bench, subject, moves, blow, moment);
        await settled(bench, subject);
      }
    },
    async tidy(bench, struck) {
      for (const subject of onSqlite(struck)) {
        await moment.letGo(bench, subject);
        await moment.tidy(bench, subject);
        await toSource(bench, subject);
      }
    },
  };
}

function rollback(blow: Blow, moment: Moment): Fault {
  return {
    name: `rollback-${blow.name}-${moment.name}`,
    about: `${blow.about} ${moment.words} of a rollback`,
    strikes: ["cutover"],
    endsOn: "either",
    async inject(bench, struck) {
      for (const subject of onSqlite(struck)) {
        await strike(bench, subject, goesBack, blow, moment);
        if (blow === vaultSealed) await deployAgainIfEnded(bench, subject, goesBack);
        await settled(bench, subject);
      }
    },
    async tidy(bench, struck) {
      for (const subject of onSqlite(struck)) {
        const { service } = subject;
        await moment.letGo(bench, subject);
        await moment.tidy(bench, subject);
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

export const struckMoves: readonly Fault[] = [
  move(postgresKilled, moments.inTheCopy),
  move(postgresKilled, moments.beforeTheCommit),
  move(postgresKilled, moments.afterTheCommit),
  move(nomadClientKilled, moments.atTheStart),
  move(nomadServerKilled, moments.inTheCopy),
  move(nomadClientKilled, moments.afterTheCommit),
  move(vaultSealed, moments.atTheStart),
  move(consulGone, moments.inTheCopy),
  move(terraformKilled, moments.inTheCopy),
];

export const struckRollbacks: readonly Fault[] = [
  postgresKilled,
  nomadClientKilled,
  nomadServerKilled,
  vaultSealed,
  consulGone,
  terraformKilled,
].map((blow) => rollback(blow, moments.afterTheSwap));
