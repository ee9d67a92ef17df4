import { expectSuccess } from "../../story/expectations";
import { waitForAnswer } from "../../story/services";
import type { Fault } from "../fault";
import { deployed, moves } from "../steps";

/** Of a service with a PostgreSQL of its own, too: that is its only way back by itself. */
export const discarded: Fault = {
  name: "rollback-discard",
  about: "the service goes back to its source without the server's rows",
  strikes: ["cutover"],
  endsOn: "source",
  discards: true,
  async inject(bench, struck) {
    for (const subject of struck) {
      const { name } = subject.service;
      const outcome = await deployed(bench, subject, { phase: "prepared", rollback: "discard" });
      expectSuccess(outcome, `the rollback of ${name}`);
      await waitForAnswer(subject.service, "source", 20);
      // Nothing of the rollback is left in the job then.
      expectSuccess(
        await deployed(bench, subject, { rollback: undefined }),
        `the deploy of ${name} afterwards`,
      );
    }
  },
  async tidy(bench, struck) {
    for (const { service } of struck) await bench.deployment.edit([service.name], moves);
    await bench.deploy(struck);
  },
};
