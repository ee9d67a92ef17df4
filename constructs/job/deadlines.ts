import { Duration } from "../../nomad/duration";
import { defaultDeadlines } from "../../services/definition";
import { groupIndex, hasJobspec, type Definition } from "../../services/job-definition";
import { carriesData, type Mode } from "./props";

/** The definition's deadlines, or the defaults. */
export function deadlinesOf(definition: Definition) {
  const { deadlines = {} } = definition;
  return {
    migrate: deadlines.migrate ?? Duration.seconds(defaultDeadlines.migrateSeconds),
    confirm: deadlines.confirm ?? Duration.seconds(defaultDeadlines.confirmSeconds),
    healthy: deadlines.healthy ?? Duration.seconds(ownHealthySeconds(definition)),
  };
}

/** What somebody's job says itself. */
function ownHealthySeconds(definition: Definition): number {
  if (!hasJobspec(definition)) return defaultDeadlines.healthySeconds;
  const { jobspec, tasks } = definition;
  const { HealthyDeadline } = {
    ...jobspec.Update,
    ...jobspec.TaskGroups[groupIndex(jobspec, tasks)]?.Update,
  };
  return HealthyDeadline ? HealthyDeadline / 1e9 : defaultDeadlines.healthySeconds;
}

/**
 * How long a job may wait for a client with room for it. Nomad itself counts only from there: without a client, a deployment
 * has no end, and goes on when Terraform has given up.
 */
export const placement = Duration.minutes(3);

/** How long Nomad and Terraform have to wait for a deployment of the service's job. Only a cutover or a rollback takes longer than a start. */
export function deploymentDeadlines(definition: Definition, mode: Mode) {
  const { migrate, confirm, healthy } = deadlinesOf(definition);
  const moving = carriesData(mode);
  const healthyDeadline = moving ? migrate.plus(confirm).plus(healthy) : healthy;
  return {
    // While `confirm` runs, Nomad takes the allocation for healthy as soon as this has passed: so it is longer than
    // `confirm` may take, with time to start its program, and the deployment cannot succeed before the ledger says
    // `confirmed`, or `rolled-back`. It takes that time twice: `watchTaskEvents` (client/allochealth/tracker.go, Nomad 1.11.2) counts from the
    // latest start of all tasks but poststart tasks that have succeeded. When `confirm` ends, that start is the app's again,
    // and the time begins anew. A shorter time with a check that only passes once it is confirmed would be quicker: it would
    // have to run in the app's own task, in an image that need not have a shell.
    minHealthy: moving ? confirm.plus(Duration.seconds(4)) : Duration.seconds(2),
    healthy: healthyDeadline,
    terraform: healthyDeadline.plus(placement),
  };
}
