import { createServer, type Server } from "node:net";

/** What a wait looks for, how long, and how to say that it did not come. */
export interface WaitOptions {
  /** Seconds until the wait fails. */
  readonly deadlineSeconds: number;
  /** The condition, as the person who waits would say it: `Consul answers`. */
  readonly what: string;
  /** Milliseconds between two looks. @default 50 */
  readonly everyMs?: number;
}

/** No look takes as long: somebody stopped this program, or the machine slept. That time does not count. */
const stoppedMs = 60_000;

/**
 * Waits until `look` gives something other than undefined or false, and returns it. An error of `look` means "not yet"; the
 * last one is in the message of the error thrown at the deadline.
 */
export async function waitFor<T>(
  options: WaitOptions,
  look: () => Promise<T | undefined | false>,
): Promise<T> {
  let deadline = Date.now() + options.deadlineSeconds * 1000;
  let last: unknown;
  for (;;) {
    const began = Date.now();
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      last = undefined;
    } catch (error) {
      if (error instanceof GiveUp) throw error;
      last = error;
    }
    if (Date.now() >= deadline && Date.now() - began <= stoppedMs) {
      const why = last === undefined ? "" : `: ${messageOf(last)}`;
      throw new Error(`not within ${options.deadlineSeconds} s: ${options.what}${why}`);
    }
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 50));
    if (Date.now() - began > stoppedMs) deadline += Date.now() - began;
  }
}

/** What an error says, whatever was thrown. */
export function messageOf(error: unknown): string {
  return (error as Partial<Error> | undefined)?.message ?? String(error);
}

/** Thrown by what a wait looks at when waiting longer is pointless. */
export class GiveUp extends Error {}

/** Ports of 127.0.0.1 that nothing listens on. All are held until the last is found, so that no two are the same. */
export async function freePorts(count: number): Promise<number[]> {
  const holders = await Promise.all(Array.from({ length: count }, hold));
  const ports = holders.map((holder) => (holder.address() as { port: number }).port);
  await Promise.all(holders.map((holder) => new Promise((resolve) => holder.close(resolve))));
  return ports;
}

function hold(): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}
