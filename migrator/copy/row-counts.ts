/** What the rows of a table are counted for, so that a row that is left behind is counted for nothing else. */
import type { ColumnRules } from "../values/column-rules";
import type { Tally } from "../values/misfit";

/** The counts at two moments. */
export type Span = readonly [from: readonly number[], to: readonly number[]];

export class RowCounts {
  private readonly counters: readonly { applied: number }[];
  private readonly isNeeded: boolean;

  /** @param rules of all columns. */
  constructor(
    rules: readonly ColumnRules[],
    private readonly tally: Tally,
  ) {
    this.isNeeded = rules.some(({ leavesRows }) => leavesRows);
    this.counters = rules.flatMap(({ others }) => others);
  }

  /**
   * Does a part of the work for a row.
   * @param spans where what it counted is noted, if the row may be left behind.
   */
  during<T>(spans: Span[], work: () => T): T {
    if (!this.isNeeded) return work();
    const from = this.now();
    const done = work();
    spans.push([from, this.now()]);
    return done;
  }

  /** Takes back what was counted. */
  takeBack(spans: readonly Span[]): void {
    const { tally, counters } = this;
    for (const [from, to] of spans) {
      const by = to.map((count, place) => count - from[place]!);
      const [assumedUtc = 0, roundedFractions = 0, ...applied] = by;
      tally.assumedUtc -= assumedUtc;
      tally.roundedFractions -= roundedFractions;
      for (const [place, count] of applied.entries()) counters[place]!.applied -= count;
    }
  }

  private now(): number[] {
    const { assumedUtc, roundedFractions } = this.tally;
    return [assumedUtc, roundedFractions, ...this.counters.map(({ applied }) => applied)];
  }
}
