import * as fs from "node:fs/promises";
import {
  endProcess,
  isRunning,
  type ProcessIdentity,
  type RunningProcess,
  startProcess,
  type StartOptions,
  type StopOptions,
} from "./process";

/** One of the lab's servers. It can be killed, and started again as it was: on its ports, with its data. */
export class LabServer {
  private constructor(
    private readonly options: StartOptions,
    private process: RunningProcess,
  ) {}

  /** Starts it for the first time. `ready` is when it answers at all: what it needs may come back after it. */
  static async start(options: StartOptions): Promise<LabServer> {
    return new LabServer(options, await startProcess(options));
  }

  get identity(): ProcessIdentity {
    const { name, pid, started } = this.process;
    return { name, pid, started };
  }

  get running(): boolean {
    return isRunning(this.process);
  }

  /** Lets it outlive this program. */
  release(): void {
    this.process.release();
  }

  /** Ends it in good order; tasks of Nomad's go on. */
  async stop(how?: StopOptions): Promise<void> {
    await this.process.stop(how);
  }

  /** Ends it and everything that it started, tasks of Nomad's too, without a word: SIGKILL. */
  async kill(): Promise<void> {
    const below = await descendants(this.process.pid);
    await endProcess(this.process, { signal: "SIGKILL" });
    for (const identity of below) await endProcess(identity, { signal: "SIGKILL" });
    this.process.release();
  }

  /** Starts it again. Does nothing while it runs. */
  async start(): Promise<void> {
    if (this.running) return;
    this.process = await startProcess(this.options);
    // It ends with the lab, which knows its processes by their environment, too.
    this.process.release();
  }
}

/** All processes below this one, the nearest first. */
async function descendants(pid: number): Promise<ProcessIdentity[]> {
  const found = await Promise.all((await fs.readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(look));
  const below: ProcessIdentity[] = [];
  const parents = [pid];
  for (let parent = parents.shift(); parent !== undefined; parent = parents.shift()) {
    for (const one of found) {
      if (one?.parent !== parent) continue;
      below.push(one.identity);
      parents.push(one.identity.pid);
    }
  }
  return below;
}

async function look(entry: string): Promise<{ parent: number; identity: ProcessIdentity } | undefined> {
  const stat = await fs.readFile(`/proc/${entry}/stat`, "utf8").catch(() => undefined);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
  return { parent: Number(fields[1]), identity: { name, pid: Number(entry), started: fields[19] ?? "" } };
}
