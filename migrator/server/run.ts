import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { Client } from "pg";
import { connect, cutOff, endSession } from "./connection";
import { bounded, Deadline } from "../base/deadline";
import { Failed, messageOf, Refused } from "../base/errors";
import type { Log } from "../base/progress";
import type { DatabaseLogin } from "./login";
import { SqliteProcess } from "../sqlite/confined/process";
import { otherSessions } from "./sessions";

/** Key of the advisory lock that keeps a second migrator away from the same database. */
const lockKey = 7_364_827_104;

/** What an end has to give back is waited for so long: a program that was told to end, a folder that is half full. */
const endingSeconds = 2;

export interface RunOptions {
  /** Where the service's database is. */
  readonly target: DatabaseLogin;
  /** How long the run may take. */
  readonly seconds: number;
  /** Whether the target is waited for while a moment may mend what is wrong, as in a job. A person looks again. @default true */
  readonly waits?: boolean;
  /** Where the scratch folder is made. Default the system's temporary directory. */
  readonly scratch?: string | undefined;
  readonly log: Log;
  /** Aborts when the run is told to end. */
  readonly stop: AbortSignal;
}

/** What one run of the migrator has open: sessions, a scratch folder, a deadline. All of it ends with the run. */
export class Run {
  readonly deadline: Deadline;
  /** For the copy that SQLite may open. */
  readonly scratch: string;
  readonly log: Log;
  readonly target: DatabaseLogin;
  private readonly waits: boolean;
  /** Aborts when the run ends before its work is done: programs that were started for it end then. */
  readonly ending: AbortSignal;
  /** What an error leaves behind, once something has changed. */
  left: string | undefined;
  private readonly started = performance.now();
  private readonly open: Client[] = [];
  private readonly end = new AbortController();

  private constructor({ seconds, waits = true, scratch, log, target }: RunOptions) {
    this.deadline = new Deadline(seconds);
    this.waits = waits;
    this.target = target;
    this.ending = this.end.signal;
    this.log = log;
    if (scratch === undefined) this.scratch = fs.mkdtempSync(path.join(os.tmpdir(), "pgmoor-"));
    else {
      // A run that was killed could not remove its own.
      this.scratch = path.join(scratch, "pgmoor-scratch");
      fs.rmSync(this.scratch, { recursive: true, force: true });
    }
  }

  /**
   * Does the work and ends what it has opened, however it ends.
   * @param abandon what else to end when the work fails.
   * @throws what the work throws, with what is left behind; Failed when the time is up.
   */
  static async of<T>(
    options: RunOptions,
    work: (run: Run) => Promise<T>,
    abandon: () => Promise<void> = () => Promise.resolve(),
  ): Promise<T> {
    const run = new Run(options);
    const done = work(run);
    try {
      return await bounded(done, run.deadline, options.stop, `did not finish within ${options.seconds} s`);
    } catch (error) {
      run.end.abort();
      run.open.forEach(cutOff);
      await abandon();
      await ended(done);
      if (run.left === undefined) throw error;
      throw error instanceof Refused
        ? new Refused(error.message, run.left)
        : new Failed(messageOf(error), run.left);
    } finally {
      // SQLite may still be reading when the run is abandoned.
      SqliteProcess.endIn(run.scratch);
      fs.rmSync(run.scratch, { recursive: true, force: true });
      await Promise.all(run.open.map(endSession));
    }
  }

  /** Since the run began, to the millisecond. */
  get seconds(): number {
    return Math.round(performance.now() - this.started) / 1000;
  }

  /**
   * A session.
   * @param server by default the target.
   */
  async session(server = this.target): Promise<Client> {
    const { deadline, log } = this;
    return this.keep(await connect(server, this.waits ? { deadline, log } : undefined));
  }

  /** Takes a session that ends with the run. */
  keep(client: Client): Client {
    this.open.push(client);
    return client;
  }

  /** A session that was cut off may still be rolling back: that is worth a moment. */
  async lock(client: Client): Promise<void> {
    await this.deadline.within(10).until(
      async () => {
        const result = await client.query<{ got: boolean }>("SELECT pg_try_advisory_lock($1) AS got", [
          lockKey,
        ]);
        return result.rows[0]?.got ? true : undefined;
      },
      () => "another migrator is running on this database",
    );
  }

  /** Whoever was there has ended, or ends in a moment; the counts of its sessions are in then. */
  async requireAlone(client: Client): Promise<void> {
    let others: string[] = [];
    await this.deadline.within(10).until(
      async () => ((others = await otherSessions(client)).length === 0 ? true : undefined),
      () =>
        `${others.length} other session(s) of this role are connected to the database (${others.join(", ")}). Stop the programs that use it`,
    );
  }
}

/** Work that has lost its sessions and programs takes back what it had begun, and ends. */
async function ended(work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise((resolve) => (timer = setTimeout(resolve, endingSeconds * 1000)));
  await Promise.race([work.catch(() => undefined), patience]);
  clearTimeout(timer);
}
