import type { Fault } from "./fault";
import { standings } from "./subjects";

export const nodeDrained: Fault = {
  name: "node-drained",
  about: "the node is drained (nomad node drain -enable), and is eligible again later",
  strikes: standings,
  quick: true,
  async inject(bench, struck) {
    const allocations = await Promise.all(struck.map((subject) => bench.allocation(subject)));
    const { ID } = await bench.nomad.node();
    await bench.nomad.drain(ID);
    await Promise.all(allocations.map((allocation) => bench.ended(allocation)));
    await bench.nomad.endDrain(ID);
  },
};
