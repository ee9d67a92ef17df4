import { waitFor } from "../servers/wait";
import type { Fault } from "./fault";
import { standings } from "./subjects";

export const nodeAwayForLong: Fault = {
  name: "node-away-for-long",
  about: "the node dies with its tasks and stays away for longer than Nomad's heartbeat grace",
  strikes: standings,
  async inject(bench, struck) {
    const allocations = await Promise.all(struck.map((subject) => bench.allocation(subject)));
    await bench.booted.servers.nomadClient.kill();
    await waitFor({ what: "Nomad's server calls the node down", deadlineSeconds: 120 }, async () => {
      return (await bench.nomad.node()).Status === "down";
    });
    await Promise.all(allocations.map((allocation) => bench.ended(allocation)));
    await bench.restore("nomad");
  },
};
