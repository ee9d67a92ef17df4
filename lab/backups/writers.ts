/** Writes to the services all the time, by their own API, and remembers what they acknowledged. */
import type { LabService } from "../deployment";

export class Writers {
  private readonly running = new Map<string, { stop: boolean; done: Promise<void> }>();
  /** The highest number that a service has acknowledged, with the time. */
  readonly acknowledged = new Map<string, { n: number; at: number }[]>();

  start(services: readonly LabService[]): void {
    for (const service of services) {
      const state = { stop: false, done: Promise.resolve() };
      state.done = this.write(service, state);
      this.running.set(service.name, state);
    }
  }

  async stop(name: string): Promise<void> {
    const state = this.running.get(name);
    if (state === undefined) return;
    state.stop = true;
    await state.done;
    this.running.delete(name);
  }

  async stopAll(): Promise<void> {
    for (const name of [...this.running.keys()]) await this.stop(name);
  }

  /** How many notes were acknowledged by then. */
  by(name: string, time: number): number {
    return Math.max(
      0,
      ...(this.acknowledged.get(name) ?? []).filter(({ at }) => at <= time).map(({ n }) => n),
    );
  }

  private async write({ name, port }: LabService, state: { readonly stop: boolean }): Promise<void> {
    const written = this.acknowledged.get(name) ?? [];
    this.acknowledged.set(name, written);
    while (!state.stop) {
      const answer = await fetch(`http://127.0.0.1:${port}/notes`, {
        method: "POST",
        signal: AbortSignal.timeout(5_000),
      }).catch(() => undefined);
      if (answer?.ok) written.push({ n: ((await answer.json()) as { n: number }).n, at: Date.now() });
      // As a busy person would, and not as a benchmark.
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }
}
