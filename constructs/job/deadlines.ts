import { Duration } from "../../nomad/duration";
import { defaultDeadlines, type ServiceDefinition } from "../../services/definition";
import type { JobPhase } from "./props";

/** The definition's deadlines, or the defaults. */
export function deadlinesOf({ deadlines = {} }: ServiceDefinition) {
  return {
    migrate: deadlines.migrate ?? Duration.seconds(defaultDeadlines.migrateSeconds),
    confirm: deadlines.confirm ?? Duration.seconds(defaultDeadlines.confirmSeconds),
    healthy: deadlines.healthy ?? Duration.seconds(defaultDeadlines.healthySeconds),
  };
}

/** How long Nomad and Terraform have to wait for a deployment of the service's job. Only a cutover takes longer than a start. */
export function deploymentDeadlines(definition: ServiceDefinition, phase: JobPhase) {
  const { migrate, confirm, healthy } = deadlinesOf(definition);
  const moving = phase === "cutover";
  const healthyDeadline = moving ? migrate.plus(confirm).plus(healthy) : healthy;
  return {
    // While `confirm` runs, Nomad takes the allocation for healthy as soon as this has passed: so it is longer than
    // `confirm` may take, with time to start its program, and the deployment cannot succeed before the ledger says
    // `confirmed`.
    minHealthy: moving ? confirm.plus(Duration.seconds(4)) : Duration.seconds(2),
    healthy: healthyDeadline,
    terraform: healthyDeadline.plus(Duration.minutes(3)),
  };
}
