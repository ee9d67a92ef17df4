import * as fs from "node:fs";
import * as v8 from "node:v8";
import { Command } from "commander";
import { addBackupCommands } from "../backups/commands";
import { readConfig } from "./config";
import { Deadline } from "../base/deadline";
import { connect, endSession } from "../server/connection";
import { confirm } from "./confirm";
import { confirmSource } from "./confirm-source";
import { newVersionAnswers } from "./new-version-answers";
import { newVersion } from "./nomad";
import { addFacts } from "../monitoring/command";
import { ending, Refused } from "../base/errors";
import { attempts } from "../ledger/ledger";
import { describeAttempts, rollBackLast } from "../ledger/ledger-text";
import { migrate, type Allocation } from "./migrate";
import { rehearse } from "./rehearse";
import { rollBack } from "./roll-back";
import { sourceInJob } from "./source-in-job";
import { loginOf, type DatabaseLogin } from "../server/login";
import { serve } from "../sqlite/confined/child";
import { sqliteRole } from "../sqlite/confined/process";
import { sendNotice } from "../base/notice";
import { jobName, jsonLine, taskLog } from "../base/task-log";
import { watchSource } from "../moves/watch-source";
import { stopSignal } from "../base/stop";

const log = taskLog;

/** Commands whose failure people are told of. */
const noticed = new Set([
  "migrate",
  "confirm",
  "roll-back",
  "backup",
  "test-restore",
  "restore",
  "restore-all",
]);

const environment = `
Environment:
  PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGSSLMODE   the service's role and database
  NOMAD_ALLOC_DIR NOMAD_ALLOC_ID NOMAD_TASK_DIR          set by Nomad
  NOMAD_SECRETS_DIR NOMAD_NAMESPACE                      set by Nomad; for its task API

Exit code:
  0  done, or nothing to do
  1  failed; another attempt may succeed
  2  refused; a person must correct or decide something
The message says what the attempt left: nothing changed, tables emptied (after a dump of their rows), or a committed copy.`;

function allocationOf({ NOMAD_ALLOC_DIR, NOMAD_ALLOC_ID, NOMAD_TASK_DIR }: NodeJS.ProcessEnv): Allocation {
  if (!NOMAD_ALLOC_DIR)
    throw new Refused("NOMAD_ALLOC_DIR is not set: this must run as a task of a Nomad job");
  return {
    shared: NOMAD_ALLOC_DIR,
    id: NOMAD_ALLOC_ID,
    scratch: NOMAD_TASK_DIR,
    isNew: () => newVersion(process.env, log),
  };
}

async function runMigrate({ config }: { config: string }): Promise<void> {
  const allocation = allocationOf(process.env);
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

async function runRehearse({ config }: { config: string }): Promise<void> {
  const report = await rehearse(readConfig(config), allocationOf(process.env), log, stopSignal());
  if (report !== undefined) log(JSON.stringify(report));
}

async function runRollBack({ config }: { config: string }): Promise<void> {
  const [told, stop] = [readConfig(config), stopSignal()];
  const answers = () => serverAnswers(loginOf(process.env), log, stop);
  const allocation = { scratch: process.env.NOMAD_TASK_DIR, isNew: () => newVersion(process.env, log) };
  const report = await rollBack(told, allocation, log, stop, answers);
  if (report !== undefined) log(JSON.stringify(report));
}

async function runConfirm({ config }: { config: string }): Promise<void> {
  const stop = stopSignal();
  const told = readConfig(config);
  if (told.rollback !== undefined) {
    log(JSON.stringify(await confirmSource(told, log, stop)));
    return;
  }
  const report = await confirm(told, process.env.NOMAD_ALLOC_ID, log, stop);
  if (report.outcome === "skipped") {
    if ((await newVersion(process.env, log)) !== undefined) await newVersionAnswers(told, stop);
    await watchSource(sourceInJob(told), {
      target: loginOf(process.env),
      scratch: process.env.NOMAD_TASK_DIR,
      log,
      stop,
    });
  }
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
  .description(
    "What pgmoor runs in Nomad jobs: move a service's database to PostgreSQL, back the server up, restore it, watch it",
  )
  .addHelpText("after", environment);
program
  .command("migrate")
  .description(
    "prestart task: take a snapshot of the source, have the app build its schema, copy, verify, record",
  )
  .requiredOption("--config <file>", "JSON file that the job's template renders")
  .addHelpText("after", environment)
  .action(runMigrate);
program
  .command("rehearse")
  .description(
    "task of a batch job: do what migrate would do, with a copy of the source and a scratch database, while the app runs",
  )
  .requiredOption("--config <file>", "JSON file that the job's template renders")
  .addHelpText("after", environment)
  .action(runRehearse);
program
  .command("roll-back")
  .description(
    "prestart task: copy the server's rows back into the source, or leave them, and record the rollback",
  )
  .requiredOption("--config <file>", "JSON file that the job's template renders")
  .addHelpText("after", environment)
  .action(runRollBack);
program
  .command("confirm")
  .description(
    "poststart task: wait until the app answers and has used the database (after a rollback: answers on its source), then record the move or rollback as confirmed",
  )
  .requiredOption("--config <file>", "JSON file that the job's template renders")
  .addHelpText("after", environment)
  .action(runConfirm);
program
  .command("ledger")
  .description("show the attempts recorded in the database's ledger")
  .option(
    "--roll-back",
    "mark a copied or confirmed attempt as rolled back, so that the next cutover copies the source again",
  )
  .addHelpText("after", environment)
  .action(runLedger);
addBackupCommands(program);
addFacts(program);

const begun = process.argv[2] === sqliteRole ? serveSqlite() : program.parseAsync();
begun.catch(async (error: unknown) => {
  const { outcome, left, message, exitCode } = ending(error);
  process.stderr.write(
    `${jsonLine({ level: "error", event: outcome, message, left })}pgmoor: ${outcome}, ${left}: ${message}\n`,
  );
  const [, , command = ""] = process.argv;
  if (noticed.has(command)) {
    const job = jobName(process.env) ?? "pgmoor";
    const notice = { title: `pgmoor: ${command} of ${job} ${outcome}`, message, command, job };
    const trouble = await sendNotice(notice, process.env);
    if (trouble !== undefined) process.stderr.write(`pgmoor: the notice was not sent: ${trouble}\n`);
  }
  // What is still under way (a wait, a copy whose session is cut off) has nothing more to do.
  process.exit(exitCode);
});
