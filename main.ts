import { UserError } from "./environments/model/problems";
import { synthesize } from "./stacks/synthesize";

synthesize().catch((error: unknown) => {
  if (!(error instanceof UserError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
});
