import { createInterface } from "node:readline/promises";
import { loadEnvironment } from "../../environments/model/load";
import { UserError } from "../../environments/model/problems";
import { ending, Failed } from "../../migrator/base/errors";
import { restoreWhole } from "../../restoring/all";
import { BackupJobs } from "../../restoring/nomad";
import { restoreService } from "../../restoring/service";
import { namesOf } from "../options/services";
import { log } from "../options/terminal";

export interface RestoreOptions {
  readonly all?: true;
  readonly at?: string;
  readonly backup?: string;
  readonly as?: string;
  readonly confirm?: string;
  readonly json?: true;
}

export async function restore(name: string | undefined, options: RestoreOptions): Promise<void> {
  const environment = loadEnvironment();
  const { all, as, backup, json } = options;
  if ((name === undefined) === (all === undefined))
    throw new UserError("Name one service, or give --all for the whole server.");
  if (all && as !== undefined)
    throw new UserError("--as is for one service: the whole server has one place.");
  if (environment.backups === undefined)
    throw new UserError(`The environment "${environment.name}" has no backups (docs/back-up.md).`);
  const common = {
    environment,
    at: timeOf(options.at),
    backup,
    jobs: new BackupJobs(environment.nomad, process.env, log),
    log,
    confirm: (question: string, answer: string) => confirm(question, answer, options.confirm),
  };
  try {
    const report = all ? await restoreWhole(common) : await one(common, name!, as);
    if (json) log(JSON.stringify(report));
    else log("Restored.");
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    console.error(`pgmoor: ${ending(error).message}`);
    process.exitCode = 1;
  }
}

function one(
  common: Omit<Parameters<typeof restoreService>[0], "service" | "env" | "as">,
  name: string,
  as?: string,
) {
  const { environment } = common;
  namesOf(environment, [name]);
  const service = environment.services.find(({ definition }) => definition.name === name)!;
  return restoreService({ ...common, service, as, env: process.env });
}

/** @throws {UserError} for what is no time, or has no zone: a restore to the wrong hour loses an hour */
function timeOf(given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  if (
    !/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/.test(given) ||
    Number.isNaN(Date.parse(given))
  )
    throw new UserError(
      `--at ${given} is not a time with a zone. Allowed: 2026-03-01T14:59:59Z, 2026-03-01T15:59:59+01:00.`,
    );
  return new Date(given).toISOString();
}

async function confirm(question: string, answer: string, given: string | undefined): Promise<void> {
  let said = given;
  if (said === undefined) {
    if (!process.stdin.isTTY) throw new UserError(`${question} Confirm it with --confirm ${answer}.`);
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    said = await terminal.question(`${question}\nType ${answer} to go on: `);
    terminal.close();
  }
  if (said.trim() !== answer)
    throw new UserError(`Not confirmed: nothing was touched. The name is ${answer}.`);
}
