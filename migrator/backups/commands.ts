/** The commands of the jobs that back up and restore. */
import type { Command } from "commander";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { Refused } from "../base/errors";
import { stopSignal } from "../base/stop";
import { taskLog } from "../base/task-log";
import { serverVariables } from "../server/login";
import { backUp, type Backing } from "./backup";
import { readBackupConfig } from "./config";
import { receiveWal } from "./receive-wal";
import { Repository } from "./repository";
import { restoreAll } from "./restore-all";
import { restoreDatabase } from "./restore";
import { ScratchServer } from "./scratch-server";
import { testRestore } from "./test-restore";

const log = taskLog;

const environment = `
Environment:
  PGHOST PGPORT PGUSER PGPASSWORD PGSSLMODE    the central server's admin
  RESTIC_REPOSITORY RESTIC_PASSWORD            the repository and its key
  AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY      for a repository in S3
  NOMAD_ALLOC_DIR NOMAD_ALLOC_ID               set by Nomad
  NOMAD_META_database NOMAD_META_as            set by the dispatch of a restore
  NOMAD_META_at NOMAD_META_backup              likewise, both optional

Exit code:
  0  done
  1  failed; another attempt may succeed
  2  refused; a person must correct or decide something`;

function backingOf(config: string): Backing {
  const stop = stopSignal();
  const told = readBackupConfig(config);
  return {
    config: told,
    server: serverVariables(process.env),
    repository: new Repository(process.env, path.join(told.work, "repository.lock"), stop),
    log,
    stop,
  };
}

/** Beside the scratch server's task, which is told when it is of no use any more. */
async function withScratch<T>(
  backing: Backing,
  work: (scratch: ScratchServer, folder: string) => Promise<T>,
): Promise<T> {
  const { NOMAD_ALLOC_DIR, NOMAD_ALLOC_ID } = process.env;
  if (!NOMAD_ALLOC_DIR || !NOMAD_ALLOC_ID)
    throw new Refused("NOMAD_ALLOC_DIR is not set: this must run as a task of a Nomad job");
  const restores = path.join(backing.config.work, "restore");
  // Others, the server's user among them, find their own folder in it by its name only.
  await fs.mkdir(restores, { recursive: true, mode: 0o711 });
  const scratch = new ScratchServer(NOMAD_ALLOC_DIR, backing.server.PGUSER ?? "postgres", log);
  try {
    return await work(scratch, path.join(restores, NOMAD_ALLOC_ID));
  } catch (error) {
    await scratch.abort();
    throw error;
  }
}

const meta = (name: string): string | undefined => process.env[`NOMAD_META_${name}`] || undefined;

function metaNeeded(name: string): string {
  const value = meta(name);
  if (value === undefined) throw new Refused(`NOMAD_META_${name} is not set: dispatch the job with ${name}`);
  return value;
}

const print = (report: unknown) => log(JSON.stringify(report));

const actions: Readonly<Record<string, { about: string; run: (backing: Backing) => Promise<unknown> }>> = {
  backup: {
    about: "back up every database and the whole server, check it, store it, forget old backups",
    run: backUp,
  },
  "receive-wal": {
    about: "receive the server's WAL for ever, and copy it into the repository",
    run: receiveWal,
  },
  "test-restore": {
    about: "restore the newest backup into a scratch server, compare it, record the outcome",
    run: (backing) => withScratch(backing, (scratch, folder) => testRestore(backing, scratch, folder)),
  },
  restore: {
    about: "restore one database into a new one of the central server, and compare it",
    run: (backing) =>
      withScratch(backing, (scratch, folder) =>
        restoreDatabase(backing, scratch, folder, {
          database: metaNeeded("database"),
          as: metaNeeded("as"),
          at: meta("at"),
          backup: meta("backup"),
        }),
      ),
  },
  "restore-all": {
    about: "restore the whole data directory of the central server, which must be stopped",
    run: (backing) =>
      withScratch(backing, (scratch, folder) =>
        restoreAll(backing, scratch, folder, { at: meta("at"), backup: meta("backup") }),
      ),
  },
};

export function addBackupCommands(program: Command): void {
  for (const [name, { about, run }] of Object.entries(actions))
    program
      .command(name)
      .description(`task of a backup job: ${about}`)
      .requiredOption("--config <file>", "JSON file that the job's template renders")
      .addHelpText("after", environment)
      .action(async ({ config }: { config: string }) => print(await run(backingOf(config))));
}
