import { Refused } from "../base/errors";
import type { Config } from "./config";
import type { NewVersion } from "./nomad";

/**
 * A job that no client has room for waits in Nomad for days, while its deploy has given up. When there is room at last, nobody
 * expects the service to move or to go back. Refused, Nomad puts the old version back.
 * @param isNew whether the allocation is part of a new version's deployment.
 */
export async function requireSomebodyWaits(
  { service, deadlines: { waitSeconds } }: Config,
  isNew: () => Promise<NewVersion | undefined>,
): Promise<void> {
  const waited = (await isNew())?.waitedSeconds ?? 0;
  if (waited <= waitSeconds) return;
  throw new Refused(
    `the job waited ${Math.round(waited)} s for a client with free resources, longer than ${waitSeconds} s: the deploy may have ` +
      `given up. ${service} was not moved. Deploy it again`,
  );
}
