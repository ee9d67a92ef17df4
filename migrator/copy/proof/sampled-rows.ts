/** Rows of the source by chance, each against the row of the target that has its key. */
import type { ClientBase } from "pg";
import type { TablePlan } from "../copy-plan";
import { differencesIn, partners } from "./by-key";
import type { Compared } from "./every-row";
import type { Difference } from "./expected";
import type { PackedRows } from "./packed-rows";
import { others, type ReadAhead } from "./read-ahead";

/** Batches of rows that the target is asked for at once. */
const atOnce = 10;

/** No more is read once so much differs. */
const enough = 100;

/** Rows of the source that are looked for in the target by their key. */
export class Sample {
  /** Rows that were read ahead, with their partners. */
  private readonly fetched: { readonly rows: readonly PackedRows[]; readonly found: Buffer[] }[] = [];
  private compared = 0;

  /**
   * @param places of the key's columns
   * @param rows of the source
   * @param differences what is found wrong while the source is read
   */
  constructor(
    private readonly plan: TablePlan,
    private readonly places: readonly number[],
    readonly rows: ReadAhead<PackedRows>,
    private readonly differences: Difference[],
  ) {}

  /** Asks the target for the partners of the rows that were read ahead. */
  async fetch(client: ClientBase): Promise<void> {
    const { plan, places, rows, fetched } = this;
    const all = rows.taken();
    while (all.length > 0) {
      const some = all.splice(0, atOnce);
      fetched.push({ rows: some, found: await partners(client, plan, places, some) });
    }
  }

  /** Compares these, while other things go on. */
  async compareFetched(): Promise<void> {
    for (let one = this.fetched.shift(); one !== undefined; one = this.fetched.shift()) {
      await others();
      await this.compare(one.rows, one.found);
    }
  }

  /** Compares the others. */
  async compareRest(client: ClientBase): Promise<Compared> {
    const { plan, places, rows, differences } = this;
    await this.compareFetched();
    // The server looks for the next rows while these are compared.
    let before = Promise.resolve();
    for await (const batch of rows.all()) {
      const found = partners(client, plan, places, [batch]);
      await both(before, found);
      before = found.then((partners) => this.compare([batch], partners));
      if (differences.length > enough) break;
    }
    await before;
    return { rows: this.compared, differences };
  }

  private async compare(rows: readonly PackedRows[], found: readonly Buffer[]): Promise<void> {
    for (const { keys } of rows) this.compared += keys.length;
    this.differences.push(...(await differencesIn(this.plan, this.places, rows, found)));
  }
}

/** Waits for the first. If it fails the second fails with it, and that is said once. */
async function both<T>(first: Promise<T>, second: Promise<unknown>): Promise<T> {
  second.catch(() => undefined);
  return first;
}
