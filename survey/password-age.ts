/** How old a service's password is, and whether that is too old. */
import type { Environment, EnvironmentService } from "../environments/model/environment";
import type { Known } from "./known";

const dayMilliseconds = 86_400_000;

/** In whole days. */
export function ageInDays(created: Date, now: Date): number {
  return Math.max(0, Math.floor((now.getTime() - created.getTime()) / dayMilliseconds));
}

/** Whether the environment wants it rotated. */
export function isTooOld(days: number, { passwordMaxAgeDays = Infinity }: Environment): boolean {
  return days > passwordMaxAgeDays;
}

/**
 * What a plan should warn of.
 * @param created when Vault's newest version of the secret was written; absent where nobody could look
 * @returns nothing for one that is young enough, or that this plan rotates
 */
export function oldPassword(
  environment: Environment,
  { definition, passwordVersion: wanted = 1 }: EnvironmentService,
  known: Known,
  created: Date | undefined,
  now = new Date(),
): string | undefined {
  if (created === undefined || wanted > Math.max(known.secret?.version ?? 1, 1)) return undefined;
  const days = ageInDays(created, now);
  if (!isTooOld(days, environment)) return undefined;
  const cure =
    definition.readsDsnOnce === undefined
      ? `Write passwordVersion: ${wanted + 1}, and deploy (docs/rotate-a-password.md)`
      : `pgmoor cannot rotate it: ${definition.readsDsnOnce}`;
  return `The password of ${definition.name} is ${days} days old, and the environment allows ${environment.passwordMaxAgeDays} (passwordMaxAgeDays). ${cure}.`;
}
