/** Processes of this machine, by what they were started with. */
import * as fs from "node:fs/promises";

export interface Started {
  /** The program and its arguments. */
  readonly words: readonly string[];
  /** Its environment: `NAME=value`. */
  readonly variables: readonly string[];
}

/** @returns the ids of those that `wanted` takes, but for this process; of another user's nothing can be read */
export async function processes(wanted: (started: Started) => boolean): Promise<number[]> {
  const pids = (await fs.readdir("/proc")).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [words, variables] = await Promise.all(
        ["cmdline", "environ"].map(async (name) =>
          (await fs.readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "")).split("\0"),
        ),
      );
      return wanted({ words: words!, variables: variables! });
    }),
  );
  return pids.filter((_, at) => found[at]);
}

/** Signals exactly these; one that has ended meanwhile is left out. */
export function signalEach(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids)
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
}
