import type { Fault } from "./fault";
import { standings } from "./subjects";

export const allocationLost: Fault = {
  name: "allocation-lost",
  about: "the allocation is stopped (nomad alloc stop), as when its node is lost",
  strikes: standings,
  quick: true,
  inject: (bench, struck) => bench.loseAllocations(struck),
};
