import * as path from "node:path";
import { ending } from "../../migrator/base/errors";
import type { Log } from "../../migrator/base/progress";
import { Run } from "../../migrator/server/run";
import { stopSignal } from "../../migrator/base/stop";
import { targetLoginOf } from "./database-url";

export interface CommonOptions {
  readonly target: string;
  readonly json?: true;
}

export const commonHelp = `
The target's password comes from PGPASSWORD or ~/.pgpass, the password of a source's server from PGMOOR_SOURCE_PASSWORD or ~/.pgpass.
For a SQLite file, the app must have built its schema in the target.

Exit code:
  0  done and verified
  1  failed; nothing changed unless the message says so; a retry may succeed
  2  refused; nothing changed; a person must correct or decide something`;

/** A day: what has not ended by then hangs. */
const seconds = 86_400;

/** Plain lines; on a terminal, bars between them. */
export const log: Log = process.stdout.isTTY
  ? onTerminal()
  : (line) => void process.stdout.write(`${line}\n`);

function onTerminal(): Log {
  const clear = "\r\x1b[K";
  // No longer than the terminal is wide: a bar in two lines is not taken back.
  const bar = (line: string) => void process.stdout.write(clear + line.slice(0, process.stdout.columns - 1));
  return Object.assign((line: string) => void process.stdout.write(`${clear}${line}\n`), { bar });
}

/** A path as the person sees it: npm runs us in the project's folder, not in theirs. */
export function fileOf(given: string): string {
  return path.resolve(process.env.INIT_CWD ?? process.cwd(), given);
}

/**
 * Runs a command against its target: its answer's JSON is the last line if asked for. Whatever is thrown is said in one line
 * and ends the process.
 * @param failed whether the answer means exit code 1.
 */
export async function runAgainst<T extends object>(
  command: string,
  { target, json }: CommonOptions,
  work: (run: Run) => Promise<T>,
  failed: (answer: T) => boolean = () => false,
): Promise<void> {
  try {
    const answer = await Run.of(
      { target: targetLoginOf(target), seconds, waits: false, log, stop: stopSignal() },
      work,
    );
    if (json) log(JSON.stringify(answer));
    process.exitCode = failed(answer) ? 1 : 0;
  } catch (error) {
    const { outcome, left, message, exitCode } = ending(error);
    process.stderr.write(`pgmoor: ${outcome}, ${left}: ${message}\n`);
    if (json) log(JSON.stringify({ pgmoor: command, outcome, left, message }));
    // What is still under way (a wait, a copy whose session is cut off) has nothing more to do.
    process.exit(exitCode);
  }
}
