import { waitFor } from "../servers/wait";
import type { Fault } from "./fault";
import { standings } from "./subjects";

/** Somebody stops the job; the next deploy brings it back. */
function stoppedByHand(name: string, command: string, purge: boolean): Fault {
  return {
    name,
    about: `somebody stops the job (${command}); deploying again brings it back`,
    strikes: standings,
    // From the deploy's beginning: it plans, and waits until Nomad calls the job healthy.
    withinSeconds: 90,
    async inject(bench, struck) {
      const allocations = await Promise.all(struck.map((subject) => bench.allocation(subject)));
      for (const { service } of struck) await bench.nomad.stop(service.name, purge);
      await Promise.all(allocations.map((allocation) => bench.ended(allocation)));
      // Nomad may have forgotten an allocation whose tasks are still ending.
      await waitFor({ what: "the stopped services answer no more", deadlineSeconds: 60 }, async () => {
        return (await bench.silent(struck)).length === struck.length;
      });
      const since = performance.now();
      await bench.deploy(struck);
      return since;
    },
  };
}

export const jobStoppedByHand = stoppedByHand("job-stopped-by-hand", "nomad job stop", false);
export const jobPurgedByHand = stoppedByHand("job-purged-by-hand", "nomad job stop -purge", true);
