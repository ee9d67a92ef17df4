/**
 * When Nomad restarts a task, replaces an allocation and gives a deployment up. Read in Nomad 1.11.2: `GetState`
 * (client/allocrunner/taskrunner/restarts), `shouldFailEarly` (nomad/deploymentwatcher), `computeReplacements`
 * (scheduler/reconciler).
 */
import { Duration } from "../../nomad/duration";
import type { Disconnect, ReschedulePolicy, RestartPolicy, Update } from "../../nomad/job";
import type { Mode } from "./props";

/**
 * The app, in its allocation: it is restarted for ever, and waits 30 seconds at most. So it answers soon after its server does,
 * and the restart needs neither a free place nor a migration task nor Vault.
 */
export const restarts: RestartPolicy = {
  Attempts: 2,
  Interval: Duration.seconds(30).nanoseconds,
  Delay: Duration.seconds(5).nanoseconds,
  Mode: "delay",
};

/** A migration task: when it fails, its allocation has failed. */
export const noRestarts: RestartPolicy = {
  Attempts: 0,
  Interval: Duration.minutes(1).nanoseconds,
  Delay: 0,
  Mode: "fail",
};

/**
 * A failed allocation is replaced for ever, always after the same short time: nobody is there to do it. An allocation fails
 * when a migration task does, and when Nomad ends a task itself: without Vault it can neither start one nor, after 12 tries,
 * keep one running.
 */
export const replacements: ReschedulePolicy = {
  Attempts: 0,
  Unlimited: true,
  Delay: Duration.seconds(15).nanoseconds,
  DelayFunction: "constant",
};

/**
 * An allocation outlives its node's absence: a reboot that takes longer than Nomad's heartbeat grace, a power cut. With Nomad's
 * default it is lost; where no other node can run it, its successor is placed when the node is back, in a deployment of its
 * own (`createDeployment`, scheduler/reconciler: the job's version has no allocation left), and when that fails, Nomad never
 * tries again.
 */
export const disconnect: Disconnect = {
  LostAfter: Duration.hours(90 * 24).nanoseconds,
  Replace: true,
  Reconcile: "keep_replacement",
};

/**
 * How long a deployment may go on after an allocation of it has failed. Zero: not at all, although the allocation would be
 * replaced for ever once it is deployed. On its source, the job is also what Nomad goes back to when a cutover fails; Nomad
 * never replaces the allocations of a failed deployment, so one that cannot start at once is tried until the deadline. Going back to its source, it fails at once: the server is there to go on.
 */
export function progressDeadline(mode: Mode, healthy: Duration): Duration {
  return mode.kind === "on-source" ? healthy.plus(Duration.minutes(1)) : Duration.seconds(0);
}

/** A deployment of a job of pgmoor's own, of which no other has to wait for data. */
export function ownDeployment(HealthCheck: Update["HealthCheck"], healthy: Duration): Update {
  return {
    MaxParallel: 1,
    HealthCheck,
    MinHealthyTime: Duration.seconds(5).nanoseconds,
    HealthyDeadline: healthy.nanoseconds,
    ProgressDeadline: healthy.plus(Duration.minutes(1)).nanoseconds,
    AutoRevert: true,
  };
}

/** A deployment of a service's job: its new version is healthy by its checks and in time, or the old one is put back. */
export function deployment(mode: Mode, deadlines: { minHealthy: Duration; healthy: Duration }): Update {
  return {
    MaxParallel: 1,
    HealthCheck: "checks",
    MinHealthyTime: deadlines.minHealthy.nanoseconds,
    HealthyDeadline: deadlines.healthy.nanoseconds,
    ProgressDeadline: progressDeadline(mode, deadlines.healthy).nanoseconds,
    AutoRevert: true,
  };
}
