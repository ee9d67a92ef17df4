import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { Client } from "pg";
import { connect, cutOff, endSession } from "./connection";
import { bounded, Deadline } from "./deadline";
import { Failed, messageOf, Refused } from "./errors";
import type { Log } from "./progress";
import { otherSessions } from "./uses";

/** Key of the advisory lock that keeps a second migrator away from the same database. */
const lockKey = 7_364_827_104;

export interface RunOptions {
  /** How long the run may take. */
  readonly seconds: number;
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
  /** What an error leaves behind, once something has changed. */
  left: string | undefined;
  private readonly started = performance.now();
  private readonly open: Client[] = [];

  private constructor({ seconds, scratch, log }: RunOptions) {
    this.deadline = new Deadline(seconds);
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
    try {
      return await bounded(work(run), run.deadline, options.stop, `not done within ${options.seconds} s`);
    } catch (error) {
      run.open.forEach(cutOff);
      await abandon();
      if (run.left === undefined) throw error;
      throw error instanceof Refused
        ? new Refused(error.message, run.left)
        : new Failed(messageOf(error), run.left);
    } finally {
      // SQLite may still be reading when the run is abandoned: the process closes its file.
      fs.rmSync(run.scratch, { recursive: true, force: true });
      await Promise.all(run.open.map(endSession));
    }
  }

  /** Since the run began, to the millisecond. */
  get seconds(): number {
    return Math.round(performance.now() - this.started) / 1000;
  }

  async session(): Promise<Client> {
    const client = await connect({ deadline: this.deadline, log: this.log });
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
      () => "another migrator is at work on this database",
    );
  }

  /** Whoever was there has ended, or ends in a moment; the counts of its sessions are in then. */
  async requireAlone(client: Client): Promise<void> {
    let others: string[] = [];
    await this.deadline.within(10).until(
      async () => ((others = await otherSessions(client)).length === 0 ? true : undefined),
      () =>
        `${others.length} other session(s) of this role are in the database (${others.join(", ")}): stop what uses it`,
    );
  }
}
