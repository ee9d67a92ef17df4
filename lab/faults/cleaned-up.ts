import type { Fault } from "./fault";
import { putBack, takeAway } from "./migrator-image-gone";

/** As the page on cleaning up says: the volumes leave the client's configuration. Then what Nomad does at any time. */
export const cleanedUp: Fault = {
  name: "cleaned-up",
  about: "the source's volume leaves Nomad's configuration, the migrator is gone, and the allocation is lost",
  strikes: ["settled"],
  async inject(bench, struck) {
    const gone = struck.map(({ service }) => service.volume);
    await bench.hostVolumes((volumes) =>
      Object.fromEntries(Object.entries(volumes).filter(([name]) => !gone.includes(name))),
    );
    await takeAway(bench);
    await bench.loseAllocations(struck);
  },
  async tidy(bench, struck) {
    await putBack(bench);
    const { volumes: folders } = bench.lab;
    const back = struck.map(
      ({ service: { volume } }) => [volume, { path: folders[volume]!, read_only: false }] as const,
    );
    await bench.hostVolumes((volumes) => ({ ...volumes, ...Object.fromEntries(back) }));
  },
};
