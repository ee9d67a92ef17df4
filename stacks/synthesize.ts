import { readFileSync } from "node:fs";
import { join } from "node:path";
import { synthesizeStacks } from ".";
import { loadEnvironment } from "../environments/model/load";
import type { Environment } from "../environments/model/environment";
import { survey } from "../survey/survey";
import { makeStateFiles } from "./state-files";

/**
 * Looks what is there of the environment that `PGMOOR_ENVIRONMENT` chooses, and synthesizes it.
 *
 * @throws {UserError} when it has problems
 */
export async function synthesize(): Promise<Environment> {
  const schemaWrapper = readFileSync(join(__dirname, "../migrator/peer/task-wrapper.sh"), "utf8");
  const environment = loadEnvironment();
  makeStateFiles(environment);
  synthesizeStacks(environment, schemaWrapper, await survey(environment));
  return environment;
}
