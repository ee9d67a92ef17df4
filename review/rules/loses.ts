import type { ReviewRule } from "./rule";

/** A job that somebody else registered, and what of it the definition does not say. */
const lost: ReviewRule = {
  id: "loses",
  risk: "loses",
  find: ({ changes, loses = [], service }) => {
    const job = changes.find(({ type }) => type === "nomad_job");
    return loses.map((what) => ({
      address: job?.address ?? service,
      reason: `would lose ${what}: the running job has it, and the definition does not say it.`,
    }));
  },
};

export const loses = [lost];
