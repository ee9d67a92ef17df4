import { restartPaths, rotationRestarts } from "../restarts";
import { isSettled, moveOf } from "../jobspec";
import { minutes } from "../words";
import { ends, jobAfter, jobBefore, staysInNomad, type Change } from "../stack";
import { why } from "./data-loss";
import { eachChange } from "./rule";

/** A cutover: the service is down until its data is on the server, or the old job is back. */
const move = eachChange({
  id: "move",
  risk: "downtime",
  types: ["nomad_job"],
  look: (change) => {
    const after = moveOf(jobAfter(change));
    if (after === undefined || change.action === "no-op" || moveOf(jobBefore(change)) !== undefined) return;
    return `stops, moves its data and starts on PostgreSQL. If that takes longer than ${minutes(after.deadlineSeconds)}, Nomad restores the old job.`;
  },
});

/** Nomad replaces the allocation unless the change was one that it makes in place. */
const putBack = eachChange({
  id: "restart",
  risk: "downtime",
  types: ["nomad_job"],
  look: (change, { putsBack = [] }) =>
    change.action === "update" && putsBack.length > 0
      ? "restarts, if what is put back needs that."
      : undefined,
});

const restart = eachChange({
  id: "restart",
  risk: "downtime",
  types: ["nomad_job"],
  look: (change) => {
    if (change.action !== "update") return;
    if (moveOf(jobBefore(change)) === undefined && moveOf(jobAfter(change)) !== undefined) return;
    if (jobBefore(change) === undefined)
      return "restarts: pgmoor's definition replaces a job that was written by hand.";
    const paths = restartPaths(change);
    return paths.length === 0
      ? undefined
      : `restarts: ${paths.slice(0, 3).join(", ")}${paths.length > 3 ? " and more" : ""} change.`;
  },
});

/** A new password reaches the app by a restart. */
const rotation = eachChange({
  id: "restart",
  risk: "downtime",
  types: ["nomad_job"],
  look: (job, { changes }) =>
    job.action === "no-op" && rotationRestarts(job, changes) ? "restarts with the new password." : undefined,
});

const stop = eachChange({
  id: "stop",
  risk: "downtime",
  types: ["nomad_job"],
  look: (change) => {
    const left = staysInNomad(change);
    if (change.action === "delete")
      return left
        ? `keeps running, but Terraform forgets it${why(change)}.`
        : `would be stopped${why(change)}.`;
    if (change.action === "replace")
      return left
        ? `restarts: it is registered again${why(change)}.`
        : `would be stopped and registered again${why(change)}.`;
    const groups = jobAfter(change)?.TaskGroups ?? [];
    const idle = groups.filter(({ Count }) => Count === 0).map(({ Name }) => Name);
    return change.action !== "no-op" && idle.length > 0
      ? `would run no task: the count of ${idle.join(", ")} is 0.`
      : undefined;
  },
});

/** The policy for the secrets of a service's source: a settled job needs none of them. */
function isSourcePolicy({ type, address }: Change): boolean {
  return type === "vault_policy" && address.endsWith("_source");
}

/** The running job would lose what it reads its secrets with. */
const cutOff = eachChange({
  id: "cut-off",
  risk: "downtime",
  types: ["vault_policy", "vault_jwt_auth_backend_role"],
  look: (change, { changes }) =>
    ends(change) && !(isSourcePolicy(change) && changes.some((job) => isSettled(jobAfter(job))))
      ? `would be destroyed${why(change)}: the job cannot read its secrets without it.`
      : undefined,
});

export const downtime = [move, putBack, restart, rotation, stop, cutOff];
