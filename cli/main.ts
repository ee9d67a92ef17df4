/** What a person runs by hand: `npm run pgmoor -- COMMAND`. */
import { UserError } from "../environments/model/problems";
import { pgmoor } from "./program";

pgmoor()
  .parseAsync()
  .catch((error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  });
