import { setTimeout as sleep } from "node:timers/promises";
import { Failed } from "./errors";

const pollMilliseconds = 50;

/** A point in time that every wait of one run shares. */
export class Deadline {
  private readonly end: number;

  /** @param seconds from now; fractions allowed. */
  constructor(readonly seconds: number) {
    this.end = performance.now() + seconds * 1000;
  }

  /** Milliseconds left, never below zero. */
  get remaining(): number {
    return Math.max(0, this.end - performance.now());
  }

  /** A deadline of at most so many seconds that never outlives this one. */
  within(seconds: number): Deadline {
    return new Deadline(Math.min(seconds, this.remaining / 1000));
  }

  /**
   * Asks again and again until there is an answer.
   * @param look answers, or `undefined` for "not yet".
   * @param failure says what was waited for in vain.
   * @param every milliseconds between two looks. Default 50.
   * @throws Failed with that text when the time is up.
   */
  async until<T>(
    look: () => T | undefined | Promise<T | undefined>,
    failure: () => string,
    every = pollMilliseconds,
  ): Promise<T> {
    for (;;) {
      const answer = await look();
      if (answer !== undefined) return answer;
      if (this.remaining === 0) throw new Failed(failure());
      await sleep(Math.min(every, this.remaining));
    }
  }
}

/**
 * Gives up work that hangs in a call that knows no deadline, or that is told to stop. A second after the deadline, since
 * waits end at it and know what they waited for. What the work holds open is the caller's to cut off.
 * @throws what the work throws; Failed with `late`; what `stop` was aborted with.
 */
export async function bounded<T>(
  work: Promise<T>,
  deadline: Deadline,
  stop: AbortSignal,
  late: string,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const given = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Failed(late)), deadline.remaining + 1000);
    stop.addEventListener("abort", () => reject(stop.reason as Error), { once: true });
  });
  return Promise.race([work, given]).finally(() => clearTimeout(timer));
}
