import { listed } from "../words";
import { dataLoss, guarded } from "./data-loss";
import { downtime } from "./downtime";
import { drift } from "./drift";
import { loses } from "./loses";
import type { ReviewRule } from "./rule";
import { ends } from "../stack";
import { security } from "./security";

/** No plan that could be applied. What Terraform had planned until then is judged by the others all the same. */
const failed: ReviewRule = {
  id: "failed",
  risk: "failed",
  find: ({ service, errored, noPlan, changes }) => {
    const hit = (reason: string) => [{ address: service, reason }];
    if (noPlan?.reason === "failed") return hit(`cannot be planned: ${noPlan.message}`);
    if (!errored) return [];
    const kept = changes.filter(
      (change) =>
        ends(change) &&
        change.reason !== "delete_because_no_resource_config" &&
        guarded.some((type) => type === change.type),
    );
    return kept.length === 0
      ? hit("cannot be applied: the plan ended with an error.")
      : hit(`cannot be applied: prevent_destroy keeps ${listed(kept.map(({ address }) => address))}.`);
  },
};

export const rules: readonly ReviewRule[] = [
  failed,
  ...dataLoss,
  ...loses,
  ...security,
  ...downtime,
  ...drift,
];
