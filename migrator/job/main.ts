import * as fs from "node:fs";
import * as v8 from "node:v8";
import { Command } from "commander";
import { readConfig } from "./config";
import { Deadline } from "../base/deadline";
import { connect, endSession } from "../server/connection";
import { confirm } from "./confirm";
import { ending, Refused } from "../base/errors";
import { attempts } from "../ledger/ledger";
import { describeAttempts, rollBackLast } from "../ledger/ledger-text";
import { migrate } from "./migrate";
import { sourceInJob } from "./source-in-job";
import { loginOf, type DatabaseLogin } from "../server/login";
import { serve } from "../sqlite/confined/child";
import { sqliteRole } from "../sqlite/confined/process";
import { watchSource } from "../moves/watch-source";
import { stopSignal } from "../base/stop";

const log = (line: string) => process.stdout.write(`${line}\n`);

const environment = `
Environment:
  PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGSSLMODE   the service's role and database
  NOMAD_ALLOC_DIR NOMAD_ALLOC_ID NOMAD_TASK_DIR          set by Nomad

Exit code:
  0  done, or nothing to do
  1  failed; another try may go through
  2  refused; a person has to mend or decide something
The message says what is left behind: nothing changed, tables emptied after a rescue, or a copy that is committed.`;

async function runMigrate({ config }: { config: string }): Promise<void> {
  const { NOMAD_ALLOC_DIR, NOMAD_ALLOC_ID, NOMAD_TASK_DIR } = process.env;
  if (!NOMAD_ALLOC_DIR)
    throw new Refused("NOMAD_ALLOC_DIR is not set: migrate runs as a task of a Nomad job");
  const allocation = { shared: NOMAD_ALLOC_DIR, id: NOMAD_ALLOC_ID, scratch: NOMAD_TASK_DIR };
  const [told, stop] = [readConfig(config), stopSignal()];
  await serverAnswers(loginOf(process.env), log, stop);
  log(JSON.stringify(await migrate(told, allocation, log, stop)));
}

/**
 * Waits for the server without a deadline. Only its ledger says whether this start moves the service or is one of many after
 * the move, at night, while the server is away: that one must not fail, or Nomad may not try again. Nomad ends the wait of
 * a move (`healthy_deadline`).
 */
async function serverAnswers(login: DatabaseLogin, tell: typeof log, stop: AbortSignal): Promise<void> {
  const stopped = new Promise<never>((_, reject) =>
    stop.addEventListener("abort", () => reject(stop.reason as Error), { once: true }),
  );
  const answered = connect(login, { deadline: new Deadline(Infinity), log: tell });
  await endSession(await Promise.race([answered, stopped]));
}

async function runConfirm({ config }: { config: string }): Promise<void> {
  const stop = stopSignal();
  const told = readConfig(config);
  const report = await confirm(told, process.env.NOMAD_ALLOC_ID, log, stop);
  if (report.outcome === "skipped")
    await watchSource(sourceInJob(told), {
      target: loginOf(process.env),
      scratch: process.env.NOMAD_TASK_DIR,
      log,
      stop,
    });
  log(JSON.stringify(report));
}

async function runLedger({ rollBack }: { rollBack?: true }): Promise<void> {
  const client = await connect(loginOf(process.env));
  try {
    if (rollBack) await rollBackLast(client, log);
    describeAttempts(await attempts(client), log);
  } finally {
    await client.end();
  }
}

/** What this program starts itself as, confined. */
async function serveSqlite(): Promise<void> {
  const { default: Database } = await import("libsql");
  serve(Database, fs, v8);
}

const program = new Command("pgmoor-migrator")
  .description("Moves a service's database to PostgreSQL, inside the service's own Nomad job")
  .addHelpText("after", environment);
program
  .command("migrate")
  .description("prestart: snapshot the source, have the app build its schema, copy, verify, record")
  .requiredOption("--config <file>", "JSON, as the job's template renders it")
  .addHelpText("after", environment)
  .action(runMigrate);
program
  .command("confirm")
  .description("poststart: wait until the app has used the database and answers, then record that it is done")
  .requiredOption("--config <file>", "JSON, as the job's template renders it")
  .addHelpText("after", environment)
  .action(runConfirm);
program
  .command("ledger")
  .description("show the attempts recorded in the database")
  .option(
    "--roll-back",
    "mark a copied or confirmed attempt as rolled back, so that the next cutover copies the source anew",
  )
  .addHelpText("after", environment)
  .action(runLedger);

const begun = process.argv[2] === sqliteRole ? serveSqlite() : program.parseAsync();
begun.catch((error: unknown) => {
  const { outcome, left, message, exitCode } = ending(error);
  process.stderr.write(`pgmoor: ${outcome}, ${left}: ${message}\n`);
  // What is still under way (a wait, a copy whose session is cut off) has nothing more to do.
  process.exit(exitCode);
});
