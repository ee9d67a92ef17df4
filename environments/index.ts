import type { Environment } from "./environment";
import { homelab } from "./homelab";
import { lab } from "./lab";
import { UserError } from "./problems";
import { validate } from "./validate";

const environments: Readonly<Record<string, () => Environment>> = { homelab: () => homelab, lab };

/** The variable that chooses the environment, and the one that is taken without it. */
export const environmentVariable = "PGMOOR_ENVIRONMENT";
const defaultEnvironment = "homelab";

/**
 * The environment of this name, validated.
 *
 * @throws {UserError} when there is none, or when it has problems: all of them
 */
export function loadEnvironment(name = process.env[environmentVariable] ?? defaultEnvironment): Environment {
  const load = Object.hasOwn(environments, name) ? environments[name] : undefined;
  if (load === undefined)
    throw new UserError(
      `There is no environment "${name}" (${environmentVariable}). Allowed: ${Object.keys(environments).join(", ")}.`,
    );
  return validate(load());
}
