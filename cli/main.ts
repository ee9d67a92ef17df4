/** What a person runs by hand: `npm run pgmoor -- COMMAND`. Each command is a file beside this one. */
import { Command } from "commander";
import { addBack } from "./back";
import { addLedger } from "./ledger";
import { addMigrate } from "./migrate";
import { addVerify } from "./verify";

const program = new Command("pgmoor")
  .description("Services move to a central PostgreSQL, and prove it")
  // A mistake in the arguments is refused as any other: exit code 2.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .showHelpAfterError("(--help says more)");
addMigrate(program);
addVerify(program);
addBack(program);
addLedger(program);
void program.parseAsync();
