import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import * as fs from "node:fs/promises";
import { onInterrupt } from "./cleanup";
import { GiveUp, messageOf, waitFor } from "./wait";

/** A running process, told apart from a later one that got the same number. Fit for a file. */
export interface ProcessIdentity {
  readonly name: string;
  /** Process id, and id of its process group. */
  readonly pid: number;
  /** When it started, in the kernel's clock ticks since boot. */
  readonly started: string;
}

export interface StartOptions {
  /** What messages call it. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** The whole environment. Nothing of ours is inherited, so no token of the caller gets into a server. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** The file its output goes to. */
  readonly log: string;
  /** The user it runs as. @default ours */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Truthy when it is ready for work; an error means "not yet". */
  readonly ready: () => Promise<boolean>;
  /** Seconds it may take to get ready. @default 30 */
  readonly deadlineSeconds?: number;
}

/** A server of ours. It ends when told, or with this program, unless it is released. */
export interface RunningProcess extends ProcessIdentity {
  /** Ends it and everything in its process group; at once if it is gone already. */
  stop(options?: StopOptions): Promise<void>;
  /** Lets it outlive this program. */
  release(): void;
}

export interface StopOptions {
  /** @default SIGTERM */
  readonly signal?: NodeJS.Signals;
  /** Seconds until SIGKILL. @default 10 */
  readonly graceSeconds?: number;
}

/** Starts a server in a process group of its own and waits until it is ready. One that does not get ready is ended. */
export async function startProcess(options: StartOptions): Promise<RunningProcess> {
  const log = await fs.open(options.log, "a", 0o600);
  let ended: string | undefined;
  let child;
  try {
    child = spawn(options.program, [...options.args], {
      cwd: options.cwd,
      env: options.env,
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
      ...options.user,
    });
    child.once("error", (error) => (ended = error.message));
    child.once("exit", (code, signal) => (ended = signal ? `ended by ${signal}` : `exit code ${code}`));
  } finally {
    await log.close();
  }
  const running = child.pid === undefined ? undefined : supervise(options.name, child.pid);
  try {
    await waitFor(
      { what: `${options.name} is ready`, deadlineSeconds: options.deadlineSeconds ?? 30 },
      () => {
        if (ended !== undefined) throw new GiveUp(ended);
        return options.ready();
      },
    );
  } catch (error) {
    await running?.stop({ signal: "SIGKILL" });
    throw new Error(
      `${options.name} did not start: ${messageOf(error)}\n${await tail(options.log)}(log: ${options.log})`,
      {
        cause: error,
      },
    );
  }
  if (!running) throw new Error(`${options.name} did not start: ${ended}`);
  // Nothing of ours waits for it: `release` must be able to let the program end.
  child.unref();
  return running;
}

function supervise(name: string, pid: number): RunningProcess {
  const identity = { name, pid, started: startTime(pid) ?? "" };
  const killNow = () => signalGroup(pid, "SIGKILL");
  const stop = async (options?: StopOptions) => {
    await endProcess(identity, options);
    release();
  };
  // An uncaught error ends us without a signal: then there is time for SIGKILL only.
  process.on("exit", killNow);
  const takeBack = onInterrupt(() => stop());
  const release = () => {
    takeBack();
    process.off("exit", killNow);
  };
  return { ...identity, stop, release };
}

/** Whether exactly this process still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  const started = startTime(identity.pid);
  return started !== undefined && started === identity.started;
}

/** Ends exactly this process with its group: the signal first, SIGKILL after the grace. */
export async function endProcess(identity: ProcessIdentity, options: StopOptions = {}): Promise<void> {
  if (isRunning(identity)) {
    process.kill(identity.pid, options.signal ?? "SIGTERM");
    const what = `${identity.name} has ended`;
    const gone = () => Promise.resolve(!isRunning(identity));
    const wait = { what, deadlineSeconds: options.graceSeconds ?? 10, everyMs: 10 };
    await waitFor(wait, gone).catch(() => undefined);
    // Children may outlive their leader, or the leader its grace. A group's number is not given anew while it has members.
    signalGroup(identity.pid, "SIGKILL");
    await waitFor({ ...wait, deadlineSeconds: 10 }, gone);
  }
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Field 22 of the kernel's line, counted after the name, which may hold anything. A zombie is gone. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** The last lines of a log, for an error message. */
async function tail(log: string, lines = 15): Promise<string> {
  const text = await fs.readFile(log, "utf8").catch(() => "");
  const last = text.trimEnd().split("\n").slice(-lines);
  return last.map((line) => `  | ${line}\n`).join("");
}
