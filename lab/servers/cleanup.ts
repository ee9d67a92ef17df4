import { constants } from "node:os";

type Cleanup = () => Promise<void>;

const cleanups: Cleanup[] = [];
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Has `cleanup` run when this program is told to end before its work is done; the last registered runs first, then
 * the program exits as the signal asks. Returns the way to take it back, once there is nothing to clean up.
 */
export function onInterrupt(cleanup: Cleanup): () => void {
  if (cleanups.length === 0) for (const signal of signals) process.on(signal, interrupted);
  cleanups.push(cleanup);
  return () => {
    const at = cleanups.indexOf(cleanup);
    if (at < 0) return;
    cleanups.splice(at, 1);
    if (cleanups.length === 0) for (const signal of signals) process.off(signal, interrupted);
  };
}

let ending = false;

function interrupted(signal: NodeJS.Signals): void {
  // A second Ctrl-C must not end us in the middle: what we started would live on.
  if (ending) return;
  ending = true;
  void (async () => {
    for (const cleanup of [...cleanups].reverse()) {
      await cleanup().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
    }
    process.exit(128 + constants.signals[signal]);
  })();
}
