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
    // Nomad calls a node `disconnected` whose allocations may wait for it, and them `unknown`.
    await waitFor({ what: "Nomad's server misses the node", deadlineSeconds: 120 }, async () => {
      return ["down", "disconnected"].includes((await bench.nomad.node()).Status);
    });
    await waitFor({ what: "Nomad's server has given up what ran there", deadlineSeconds: 60 }, async () => {
      const now = await Promise.all(allocations.map(({ ID }) => bench.nomad.allocation(ID)));
      return now.every(({ ClientStatus }) => ClientStatus !== "running");
    });
    await bench.restore("nomad");
  },
};
