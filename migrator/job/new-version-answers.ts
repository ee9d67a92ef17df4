import type { Config } from "./config";
import { bounded, Deadline } from "../base/deadline";
import { answersWell } from "../peer/exchange";

/**
 * Waits until the app of a service that has moved answers in a new version of its job. Nomad itself would give that version all
 * the time of a move.
 * @throws Failed when it does not: the allocation fails, and with it the deployment, and Nomad puts the old version back.
 */
export async function newVersionAnswers(
  { health, deadlines: { healthySeconds } }: Config,
  stop: AbortSignal,
): Promise<void> {
  const deadline = new Deadline(healthySeconds);
  const late = (last: string) =>
    `the app of this new version does not answer 2xx at ${health} within ${healthySeconds} s (${last}): Nomad reverts to the old version`;
  await bounded(answersWell(health, deadline, late, 500), deadline, stop, late("no answer"));
}
