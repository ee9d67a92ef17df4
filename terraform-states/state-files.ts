/** The files in which Terraform keeps an environment's states. */
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Environment } from "../environments/model/environment";
import { UserError } from "../environments/model/problems";
import { ownStacksOf } from "../environments/model/own-stacks";

/** The folder of the states, where they are files. */
export function stateFolder({ name, states }: Environment): string {
  return resolve(states?.in === "folder" ? states.folder : join("states", name));
}

/**
 * Makes the files that Terraform will write states and their backups to, readable by their owner alone. Terraform keeps the
 * mode of a file that is there; one that it makes itself may be read by everybody.
 *
 * @throws {UserError} when the folder cannot be written
 */
export function makeStateFiles(environment: Environment): void {
  if (environment.states?.in === "consul") return;
  const folder = stateFolder(environment);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const file of stateFiles(environment)) closeSync(openSync(join(folder, file), "a", 0o600));
  } catch (error) {
    throw new UserError(`The folder of the states cannot be written: ${(error as Error).message}.`);
  }
}

function stateFiles(environment: Environment): string[] {
  const services = environment.services.map(({ definition }) => definition.name);
  const stacks = [...ownStacksOf(environment), ...services];
  return stacks.flatMap((stack) => [`${stack}.tfstate`, `${stack}.tfstate.backup`]);
}
