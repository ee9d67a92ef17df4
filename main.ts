import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadEnvironment } from "./environments";
import { UserError } from "./environments/problems";
import { synthesizeStacks } from "./stacks";

try {
  const schemaWrapper = readFileSync(join(__dirname, "migrator/schema.sh"), "utf8");
  synthesizeStacks(loadEnvironment(), schemaWrapper);
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
