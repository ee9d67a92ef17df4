/** The commands of `npm run pgmoor`. Each is a file beside this one, and loads what it does when it runs. */
import { Command } from "commander";
import { addAdopt } from "./adopt";
import { addBack } from "./back";
import { addCheck } from "./check";
import { addCheckStates } from "./check-states";
import { addComment } from "./comment";
import { addDeploy } from "./deploy";
import { addLedger } from "./ledger";
import { addLogin } from "./login";
import { addMigrate } from "./migrate";
import { addMonitoring } from "./monitoring";
import { addPlan } from "./plan";
import { addReport } from "./report";
import { addRestore } from "./restore";
import { addReview } from "./review";
import { addStatus } from "./status";
import { addVerify } from "./verify";

export function pgmoor(): Command {
  const program = new Command("pgmoor")
    .description("Move services to a central PostgreSQL, verify and operate them")
    // A mistake in the arguments is refused like any other: exit code 2.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .showHelpAfterError("(add --help for the options)");
  addMigrate(program);
  addVerify(program);
  addBack(program);
  addLedger(program);
  addReview(program);
  addAdopt(program);
  addStatus(program);
  addCheck(program);
  addReport(program);
  addRestore(program);
  addMonitoring(program);
  addPlan(program);
  addDeploy(program);
  addCheckStates(program);
  addComment(program);
  addLogin(program);
  return program;
}
