import type { Power } from "./bench";
import type { Fault } from "./fault";
import { standings } from "./subjects";

const titles: Readonly<Record<Power, string>> = {
  postgres: "the server",
  vault: "Vault, unsealed then",
  consul: "Consul",
  nomad: "Nomad",
};

/** Everything dies at once, and this one comes back last, when the others have missed it. */
function powerCut(name: string, last: Power): Fault {
  const first = (["postgres", "consul", "vault", "nomad"] as const).filter((one) => one !== last);
  return {
    name,
    about: `power cut: the whole cluster stops at once; ${titles[last]} comes back last`,
    strikes: standings,
    async inject(bench, struck) {
      await bench.cutPower();
      await bench.restore(...first);
      // Without Nomad nothing tries to start.
      if (last !== "nomad") await bench.missed(struck);
      await bench.restore(last);
    },
  };
}

export const powerCuts = [
  powerCut("power-cut-server-last", "postgres"),
  powerCut("power-cut-vault-last", "vault"),
  powerCut("power-cut-consul-last", "consul"),
  powerCut("power-cut-nomad-last", "nomad"),
];
