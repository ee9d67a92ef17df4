import { listed } from "../words";
import type { ReviewRule } from "./rule";

const drifted: ReviewRule = {
  id: "drift",
  risk: "drift",
  find: ({ drift }) =>
    drift.flatMap(({ address, action, differences }) => {
      if (action === "delete") return [{ address, reason: "was removed outside Terraform." }];
      if (differences.length === 0) return [];
      const paths = listed(differences.map(({ path }) => path));
      return [{ address, reason: `was changed outside Terraform: ${paths}.` }];
    }),
};

export const drift = [drifted];
