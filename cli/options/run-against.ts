import { ending } from "../../migrator/base/errors";
import { Run } from "../../migrator/server/run";
import { stopSignal } from "../../migrator/base/stop";
import { targetLoginOf } from "./database-url";
import { log } from "./terminal";

export interface CommonOptions {
  readonly target: string;
  readonly json?: true;
}

/** A day: what has not ended by then hangs. */
const seconds = 86_400;

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
