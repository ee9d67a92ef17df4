/** What a cutover would do to a service, done beside it while it runs: to a copy of its source, and a scratch database. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { messageOf, Refused } from "../base/errors";
import { begin } from "../ledger/ledger";
import { reportOf, type MigrateReport } from "../moves/report";
import { Exchange } from "../peer/exchange";
import { majorOf } from "../postgres/embedded/data-folder";
import { loginOf } from "../server/login";
import { Run } from "../server/run";
import { Changed, sizeOf, takeSnapshot } from "../sqlite/snapshot";
import type { Config } from "./config";
import type { Allocation } from "./migrate";
import { sourceInJob } from "./source-in-job";

/** What a look at the source found; printed before the move is tried. Sizes are in bytes. */
export interface SourceFound {
  readonly pgmoor: "source";
  readonly bytes: number;
  /** Of a PostgreSQL's data directory: its major version. */
  readonly major?: number;
  /** Free on the snapshots' volume, and in the task's own folder. */
  readonly free: { readonly snapshots: number; readonly scratch: number };
}

/** How often a source that somebody writes to is copied until nobody has, during one copy. */
const tries = 20;

/**
 * @returns what the move came to; undefined for a PostgreSQL, whose data can be copied only once its server has stopped.
 * @throws Refused or Failed for what the move would refuse.
 */
export async function rehearse(
  config: Config,
  allocation: Allocation,
  log: (line: string) => void,
  stop: AbortSignal,
): Promise<MigrateReport | undefined> {
  const { source, service, deadlines } = config;
  log(JSON.stringify(await lookAt(config, allocation)));
  if (source.kind === "postgres") return undefined;
  let exchange: Exchange | undefined;
  const work = async (run: Run): Promise<MigrateReport> => {
    const copied = await quietCopy(source.file, path.join(run.scratch, "source"));
    log(`copied ${copied.bytes} bytes of the source while its app runs`);
    const moved = sourceInJob({ ...config, source: { ...source, file: copied.file } });
    exchange = new Exchange(allocation.shared, 1, run.deadline, moved.peer);
    const target = await run.session();
    await begin(target, { number: 1, service, allocation: allocation.id });
    const snapshots = path.join(run.scratch, "snapshots");
    const moving = { run, target, attempt: 1, snapshots, rescue: undefined };
    const result = await moved.moveInJob(moving, { exchange, shared: allocation.shared });
    return reportOf(run, service, 1, "verified", { ...result, snapshot: null });
  };
  return Run.of(
    {
      target: loginOf(process.env),
      seconds: deadlines.migrateSeconds,
      scratch: allocation.scratch,
      log,
      stop,
    },
    work,
    async () => exchange?.abort(),
  );
}

/** The app goes on: what it writes while the file is copied makes the copy useless, and it is copied again. */
async function quietCopy(file: string, folder: string) {
  for (let left = tries; ; left--) {
    try {
      return await takeSnapshot(file, folder, 0);
    } catch (error) {
      if (!(error instanceof Changed) || left <= 1) throw error;
    }
  }
}

async function lookAt({ source, snapshots }: Config, { scratch }: Allocation): Promise<SourceFound> {
  const free = {
    snapshots: await freeBytes(snapshots),
    scratch: await freeBytes(scratch ?? "/tmp"),
  };
  if (source.kind === "sqlite") return { pgmoor: "source", bytes: await sizeOf(source.file), free };
  return { pgmoor: "source", bytes: await bytesIn(source.data), major: await majorOf(source.data), free };
}

/** Of all files in a folder. Its server runs, and may remove some meanwhile. */
async function bytesIn(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await fs.readdir(folder, { recursive: true }).catch(refuseOr([]))) {
    const found = await fs.lstat(path.join(folder, name)).catch(refuseOr(undefined));
    if (found?.isFile()) bytes += found.size;
  }
  return bytes;
}

function refuseOr<T>(gone: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === "ENOENT") return gone;
    throw new Refused(messageOf(error));
  };
}

/** Of the file system of a folder that may still have to be made. */
async function freeBytes(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await fs.statfs(folder);
    return bavail * bsize;
  } catch (error) {
    if ((error as { code?: string }).code === "ENOENT" && folder !== "/")
      return freeBytes(path.dirname(folder));
    throw error;
  }
}
