/** Programs of others: restic, and PostgreSQL's own. */
import { spawn, type ChildProcess } from "node:child_process";
import { text } from "node:stream/consumers";
import { Failed, messageOf, Refused } from "../base/errors";
import { lastWords } from "./said";

export interface Tool {
  readonly program: string;
  readonly args: readonly string[];
  /** Variables besides PATH and HOME: passwords come this way, never as arguments. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Aborts when the run is told to end. */
  readonly stop: AbortSignal;
}

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  /** The last lines of what it said, without the values of rows. */
  readonly said: string;
}

/** How long a program may take to end after SIGTERM. Nomad gives a task 5 s by default. */
const graceMilliseconds = 2000;

/**
 * Runs it to its end, whatever its exit code. When the run is told to stop, it has ended before this throws.
 * @throws Refused when it is not on PATH
 */
export async function runTool({ program, args, env, cwd, stop }: Tool): Promise<Ended> {
  stop.throwIfAborted();
  const child = spawn(program, args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: "/nonexistent", LC_ALL: "C", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // With a process group of its own: `pg_basebackup` starts another process, which would go on without it.
    detached: true,
  });
  const takeBack = onAbort(stop, () => endGroup(child));
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? (signal === "SIGKILL" ? 137 : 143)));
  });
  try {
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    stop.throwIfAborted();
    return { code, stdout, said: lastWords(stderr) };
  } catch (error) {
    if (stop.aborted) throw stop.reason;
    if ((error as NodeJS.ErrnoException).code === "ENOENT")
      throw new Refused(`${program} is not on PATH. The image of migrator/image/Dockerfile has it`);
    throw new Failed(`${program} failed: ${messageOf(error)}`);
  } finally {
    takeBack();
  }
}

/** @returns takes the listener back, and what it has begun */
function onAbort(stop: AbortSignal, begin: () => () => void): () => void {
  let end: (() => void) | undefined;
  const listener = () => (end = begin());
  stop.addEventListener("abort", listener, { once: true });
  return () => {
    stop.removeEventListener("abort", listener);
    end?.();
  };
}

function endGroup({ pid }: ChildProcess): () => void {
  const kill = (signal: NodeJS.Signals) => {
    try {
      if (pid !== undefined) process.kill(-pid, signal);
    } catch {
      // All of them have ended.
    }
  };
  kill("SIGTERM");
  const patience = setTimeout(() => kill("SIGKILL"), graceMilliseconds);
  return () => clearTimeout(patience);
}

/** Runs it, and answers what it printed. @throws Failed with its own words when it fails */
export async function tool(the: Tool): Promise<string> {
  const { code, stdout, said } = await runTool(the);
  if (code !== 0) throw new Failed(`${the.program} failed: ${said || `exit code ${code}`}`);
  return stdout;
}
