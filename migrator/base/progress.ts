const lineEvery = 5000;
const barEvery = 100;
const barWidth = 24;

/** Where a run says what it does. */
export interface Log {
  (line: string): void;
  /** Shows a line that the next one takes the place of, where there is a terminal for it. */
  readonly bar?: (line: string) => void;
}

const number = (value: number) => Math.round(value).toLocaleString("en-US");

/** Bytes as a person reads them: `41.3 MB`. */
export function amount(bytes: number): string {
  return `${(bytes / 1e6).toLocaleString("en-US", { maximumFractionDigits: 1 })} MB`;
}

/** Seconds as a person reads them: `42 s`, `3 min`. */
function duration(seconds: number): string {
  return seconds < 100 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}

/** Says how far a table is: a bar where there is a terminal, else a line every five seconds at the most; and a line at its end. */
export class Progress {
  private rows = 0;
  private bytes = 0;
  private readonly begun: number;
  private said: number;

  /**
   * @param table its name.
   * @param total rows that it has, if that is known by now.
   * @param now milliseconds of a clock. Default the process's.
   */
  constructor(
    private readonly table: string,
    private total: number | undefined,
    private readonly log: Log,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.begun = this.said = now();
  }

  /** Tells how many rows it has. */
  expect(total: number): void {
    this.total = total;
  }

  /** Counts what has been done, `rows` being all of them so far. */
  add(rows: number, bytes: number): void {
    this.rows = rows;
    this.bytes += bytes;
    const now = this.now();
    const { bar } = this.log;
    if (now - this.said < (bar === undefined ? lineEvery : barEvery) || this.rows === 0) return;
    this.said = now;
    const rate = this.rows / ((now - this.begun) / 1000);
    const { total } = this;
    const [of, left] =
      total === undefined
        ? ["", ""]
        : [` of ${number(total)}`, `, ${duration(Math.max(0, total - this.rows) / rate)} left`];
    const line = `${this.table}: ${number(this.rows)}${of} rows, ${amount(this.bytes)}, ${number(rate)} rows/s${left}`;
    if (bar === undefined) this.log(line);
    else bar(total === undefined ? line : `${this.drawn(total)} ${line}`);
  }

  private drawn(total: number): string {
    const full = Math.min(barWidth, Math.floor((barWidth * this.rows) / Math.max(1, total)));
    return `[${"=".repeat(full)}${" ".repeat(barWidth - full)}]`;
  }

  /** @param done what has been done to the rows. */
  end(done: "copied" | "read"): void {
    const seconds = (this.now() - this.begun) / 1000;
    this.log(
      `${this.table}: ${number(this.rows)} rows, ${amount(this.bytes)} ${done} in ${seconds.toFixed(1)} s, ` +
        `${number(this.rows / Math.max(seconds, 0.001))} rows/s`,
    );
  }
}
