import { seal, unseal } from "../servers/vault";
import { waitFor } from "../servers/wait";
import type { Fault } from "./fault";
import { standings } from "./subjects";

/** consul-template reads a secret anew after up to five minutes; then come twelve tries, at most a minute apart. */
const longestMinutes = 20;

export const vaultSealedForLong: Fault = {
  name: "vault-sealed-for-long",
  about: "Vault stays sealed until Nomad kills the tasks whose templates read it",
  strikes: standings,
  async inject(bench, struck) {
    const reading = struck.filter(({ standing }) => standing !== "prepared");
    const allocations = await Promise.all(reading.map((subject) => bench.allocation(subject)));
    await seal(bench.lab.vault);
    const what = "Nomad has killed the tasks that read Vault";
    await waitFor({ what, deadlineSeconds: longestMinutes * 60, everyMs: 1000 }, async () => {
      const now = await Promise.all(allocations.map(({ ID }) => bench.nomad.allocation(ID)));
      return now.every(({ TaskStates }) =>
        Object.values(TaskStates ?? {}).some(({ Events }) =>
          Events.some(({ Type, DisplayMessage }) => Type === "Killing" && /[Tt]emplate/.test(DisplayMessage)),
        ),
      );
    });
    await bench.missed(reading);
    await unseal(bench.lab.vault);
  },
};
