import { setTimeout as pause } from "node:timers/promises";
import type { LabService } from "../deployment";
import { addRow } from "./rows";

/** Milliseconds between two tries: a user who does not give up. */
const everyMs = 100;
/** What a try and its pause cannot take: somebody stopped this program, or the machine slept. */
const stoppedMs = 12_000;

/** Somebody who writes to a service all the time, and remembers what it acknowledged. */
export class Writer {
  private readonly acknowledged: {
    readonly key: string;
    readonly asked: number;
    readonly at: number;
    readonly running: number;
  }[] = [];
  private ended = false;
  /** Milliseconds in which this program did not run: nobody asked the service. */
  private stopped = 0;
  private readonly done: Promise<void>;

  constructor(private readonly service: LabService) {
    this.done = this.write();
  }

  /** Keys of the rows that the service said it has. */
  get keys(): readonly string[] {
    return this.acknowledged.map(({ key }) => key);
  }

  /** When the first row was acknowledged of those asked for after this moment of `performance.now()`. */
  firstAfter(moment: number): number | undefined {
    return this.acknowledged.find(({ asked }) => asked >= moment)?.at;
  }

  /** The longest time between two acknowledged rows while somebody asked, in seconds. */
  get longestSilence(): number {
    const times = this.acknowledged.map(({ running }) => running);
    return Math.max(0, ...times.slice(1).map((at, before) => at - times[before]!)) / 1000;
  }

  async stop(): Promise<void> {
    this.ended = true;
    await this.done;
  }

  private async write(): Promise<void> {
    while (!this.ended) {
      const asked = performance.now();
      const key = await addRow(this.service).catch(() => undefined);
      const at = performance.now();
      if (key !== undefined) this.acknowledged.push({ key, asked, at, running: at - this.stopped });
      await pause(everyMs);
      const took = performance.now() - asked;
      if (took > stoppedMs) this.stopped += took;
    }
  }
}
