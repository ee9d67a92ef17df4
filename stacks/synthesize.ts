import { readFileSync } from "node:fs";
import { join } from "node:path";
import { synthesizeStacks } from ".";
import { loadEnvironment } from "../environments/model/load";
import type { Environment } from "../environments/model/environment";

/** Synthesizes the environment that `PGMOOR_ENVIRONMENT` chooses. @throws {UserError} when it has problems */
export function synthesize(): Environment {
  const schemaWrapper = readFileSync(join(__dirname, "../migrator/peer/task-wrapper.sh"), "utf8");
  const environment = loadEnvironment();
  synthesizeStacks(environment, schemaWrapper);
  return environment;
}
