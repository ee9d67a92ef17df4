/** Rows are written to both sides: on the server after the move, on the source after the revert. Nobody can keep them all by a word. */
import { expectSuccess, expectThat, tail } from "../story/expectations";
import { waitForAnswer } from "../story/services";
import { expectStop } from "./mistakes/mistake";
import { expectConfirmed, lastAttempt } from "./moves/move-fault";
import type { Fault } from "./fault";
import { deployed, failedBack, goesBack, moves, onSqlite } from "./steps";

const eachSide = /each side may have rows that the other lacks/;

export const jobRevertedByHand: Fault = {
  name: "job-reverted-by-hand",
  about:
    "somebody reverts the job of a confirmed service to its source (nomad job revert), and keeps the source's rows",
  strikes: [],
  own: "vaultwarden",
  endsOn: "source",
  // Those that the server has of the time between the move and the revert. The next move dumps them.
  discards: true,
  async inject(bench, struck) {
    const subject = onSqlite(struck)[0]!;
    const { service } = subject;
    const before = await bench.nomad.job(service.name);
    expectSuccess(await deployed(bench, subject, moves), `the move of ${service.name}`);
    await waitForAnswer(service, "server", 30);
    await bench.nomad.revert(service.name, before.Version);
    await waitForAnswer(service, "source", 60);
    await bench.steady(subject);

    await expectStop(bench, subject, eachSide);
    const status = await bench.deployment.pgmoor("status", [service.name], {});
    expectThat(eachSide.test(status.output), "`pgmoor status` should say so, too", tail(status));
    const back = await deployed(bench, subject, goesBack);
    await failedBack(bench, subject, back, {
      task: "roll-back",
      says: /has changed since it was copied to the server/,
      to: "source",
    });
    const kept = await deployed(bench, subject, { phase: "prepared", rollback: "discard" });
    expectSuccess(kept, `${service.name} with its source's rows`);
    await waitForAnswer(service, "source", 20);
  },
  async tidy(bench, struck) {
    const subject = onSqlite(struck)[0]!;
    const { name } = subject.service;
    expectSuccess(await deployed(bench, subject, moves), `the next move of ${name}`);
    await expectConfirmed(bench, subject);
    const { rescued } = (await lastAttempt(bench, subject.service, 1))!;
    expectThat(
      rescued !== null,
      `the server's rows of ${name} should have been dumped before they were replaced`,
    );
  },
};
