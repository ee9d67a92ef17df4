import { expectThat, tail } from "../story/expectations";
import type { Fault } from "./fault";

/** The app ends at once, whatever its image. */
const crash = { NODE_OPTIONS: "--require /not-there" };

export const badVersion: Fault = {
  name: "bad-version-after-confirm",
  about: "a version that crashes is deployed: the deploy fails, and Nomad reverts to the old version",
  strikes: ["cutover"],
  // An ordinary start may take 60 s (`deadlines.healthy`), a move 155 s.
  silentForSeconds: 120,
  async inject(bench, struck) {
    const names = struck.map(({ service }) => service.name);
    const takeBack = await bench.deployment.edit(names, { environment: crash });
    const outcome = await bench.deployment.deploy(names);
    await takeBack();
    expectThat(!outcome.succeeded, "the deploy of a version that crashes should fail", tail(outcome));
    const { output } = outcome;
    expectThat(
      output.split("rolling back to job version").length - 1 === names.length,
      "the apply should say of each service that Nomad rolled back",
      tail(outcome),
    );
    // The advice for a job that somebody else has changed.
    expectThat(
      !output.includes("nomad job stop"),
      "a failed deploy should not advise stopping the job",
      output,
    );
  },
  async tidy(bench, struck) {
    await bench.deploy(struck);
  },
};
