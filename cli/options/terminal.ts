/** What every command says and is told at a terminal. Loads nothing: `--help` needs it, too. */
import * as path from "node:path";
import type { Log } from "../../migrator/base/progress";

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
