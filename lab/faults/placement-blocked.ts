import { expectThat, tail } from "../story/expectations";
import type { Fault } from "./fault";

export const placementBlocked: Fault = {
  name: "placement-blocked",
  about:
    "no node can take the cutover's allocation: the deploy gives up, and the move does not run later by itself",
  strikes: ["prepared"],
  endsOn: "source",
  async inject(bench, struck) {
    const names = struck.map(({ service }) => service.name);
    const { ID } = await bench.nomad.node();
    await bench.nomad.setEligible(ID, false);
    const takeBack = await bench.deployment.edit(names, { phase: "cutover" });
    const outcome = await bench.deployment.deploy(names);
    await takeBack();
    expectThat(!outcome.succeeded, "a cutover that cannot be placed should fail its deploy", tail(outcome));
    await bench.nomad.setEligible(ID, true);
  },
  async tidy(bench, struck) {
    await bench.deploy(struck);
  },
};
