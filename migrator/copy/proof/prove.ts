/**
 * The proof that the target holds what the source does. It shares nothing with the copy but the plan: a second reader takes
 * `typeof` and value of SQLite's rows and says what they mean in the types of the columns; PostgreSQL's values come in their
 * binary form; and the two are compared.
 */
import type { ClientBase } from "pg";
import type { Rule, ColumnRule } from "../../../services/rules";
import { Failed } from "../../base/errors";
import type { Proof } from "../../ledger/ledger";
import type { TablePlan } from "../copy-plan";
import type { SqliteDatabase } from "../../sqlite/sqlite-database";
import { keyPlaces } from "./by-key";
import { compareEveryRow, type Expected, readSource, type SourceRows } from "./every-row";
import type { EarlySamples } from "./early-samples";
import { type Difference, type ExpectedRow, expectedRows } from "./expected";
import { type Extent, sampleRows } from "./extent";
import { packedRows, type PackedRows } from "./packed-rows";
import { others, ReadAhead } from "./read-ahead";
import { Sample } from "./sampled-rows";
import { scan, type Scan } from "./source-rows";

/** A fault in one row of so many is what a sample's confidence is stated for. */
const oneIn = 10_000;

export interface Proving {
  /** The session that sees the copy, in a transaction. */
  readonly client: ClientBase;
  /** Another, in which PostgreSQL reads texts of types that only it knows. */
  readonly helper: ClientBase;
  readonly source: SqliteDatabase;
  readonly rules: readonly Rule[];
  readonly extent: Extent;
  /** Samples that have begun to be read. */
  readonly early?: EarlySamples;
}

/** Rules that say what becomes of a value. */
const ofValues: ReadonlySet<Rule["kind"]> = new Set<ColumnRule["kind"]>([
  "cast",
  "default",
  "null-if",
  "skip-row",
]);

/** The differences that are named at most. */
const shown = 20;

/** What is read from the source before the target can be asked for it, at the most: enough for one large table. */
const mostAhead = { rows: 60_000, bytes: 12 << 20, tables: 1000, scans: 8 };

/** Proves tables one after the other, in one transaction. */
export class Prover {
  private way: "table" | "key" | undefined;
  private readonly ofColumns: readonly ColumnRule[];
  private readonly samples = new Map<TablePlan, Sample>();
  /** What small tables have in the source. */
  private readonly small = new Map<TablePlan, SourceRows>();
  /** Scans of theirs that have begun, and are not read yet. */
  private readonly begun = new Map<TablePlan, Scan>();
  private isEnded = false;
  private isTargetBusy = true;

  constructor(private readonly proving: Proving) {
    this.ofColumns = proving.rules.filter((rule): rule is ColumnRule => ofValues.has(rule.kind));
  }

  /** Reads the source while the target is busy: samples of large tables first, since the target is asked for them at once. */
  async readAhead(plans: readonly TablePlan[]): Promise<void> {
    await this.readSamples(plans);
    const small = plans.filter((plan) => this.sampleOf(plan) === undefined).slice(0, mostAhead.tables);
    for (const [place, plan] of small.entries()) {
      if (this.isEnded || !this.isTargetBusy) break;
      // SQLite begins with the next ones meanwhile.
      for (const next of small.slice(place, place + mostAhead.scans))
        if (!this.begun.has(next)) this.begun.set(next, this.scan(next, 1));
      await others();
      this.small.set(plan, await this.readSmall(plan));
    }
    if (this.isEnded) for (const { cursor } of this.begun.values()) cursor.close();
  }

  private async readSamples(plans: readonly TablePlan[]): Promise<void> {
    let { rows, bytes } = mostAhead;
    for (const plan of plans) {
      if (this.isEnded || rows <= 0 || bytes <= 0) return;
      await this.sampleOf(plan)?.rows.fill((batch) => {
        rows -= batch.keys.length;
        bytes -= batch.packed.length;
        return !this.isEnded && rows > 0 && bytes > 0;
      });
    }
  }

  /** Asks the target for the rows that were read ahead. It has its indexes now. */
  async fetch(): Promise<void> {
    if (this.samples.size === 0) return;
    await this.readBy("key");
    for (const sample of this.samples.values()) await sample.fetch(this.proving.client);
    await this.readBy("table");
  }

  /** Compares these, while other things go on. */
  async compareFetched(): Promise<void> {
    for (const sample of this.samples.values()) await sample.compareFetched();
  }

  /** The target can be asked from now on: what is not read ahead yet need not be. */
  targetIsReady(): void {
    this.isTargetBusy = false;
  }

  /** Nothing is read any more. */
  end(): void {
    this.isEnded = true;
  }

  /**
   * Compares one table.
   * @throws Failed naming rows and columns that differ, never their values.
   */
  async prove(plan: TablePlan): Promise<Proof> {
    const { client, source } = this.proving;
    const of = source.count(plan.source);
    const sample = this.sampleOf(plan);
    await this.readBy(sample === undefined ? "table" : "key");
    const { rows, differences } =
      sample === undefined
        ? await compareEveryRow(
            client,
            plan,
            this.small.get(plan) ?? (await this.readSmall(plan)),
            this.expectedOf(plan),
            keyPlaces(plan),
          )
        : await sample.compareRest(client);
    this.samples.delete(plan);
    this.small.delete(plan);
    if (differences.length > 0) throw new Failed(describe(plan, differences));
    return { rows, of, confidence: sample === undefined ? 1 : 1 - (1 - 1 / oneIn) ** rows };
  }

  /** The sample of a table of which not every row is compared. */
  private sampleOf(plan: TablePlan): Sample | undefined {
    const { source, extent } = this.proving;
    const known = this.samples.get(plan);
    if (known !== undefined || extent === "full") return known;
    const places = keyPlaces(plan);
    const of = source.count(plan.source);
    if (of <= sampleRows || places === undefined) return undefined;
    const differences: Difference[] = [];
    const begun = this.proving.early?.take(plan.source.name, namesOf(plan));
    const rows = this.expected(plan, begun ?? this.scan(plan, sampleRows / of), (difference) =>
      differences.push(difference),
    );
    const ahead = new ReadAhead(packed(rows, places));
    const sample = new Sample(plan, places, ahead, differences);
    this.samples.set(plan, sample);
    return sample;
  }

  private readSmall(plan: TablePlan): Promise<SourceRows> {
    const scan = this.begun.get(plan) ?? this.scan(plan, 1);
    this.begun.delete(plan);
    const rows = this.proving.source.count(plan.source);
    return readSource(
      (differ) => this.expected(plan, scan, differ),
      rows,
      () => this.isEnded,
    );
  }

  private expectedOf(plan: TablePlan): Expected {
    return (differ) => this.expected(plan, this.scan(plan, 1), differ);
  }

  private scan(plan: TablePlan, share: number): Scan {
    return scan(this.proving.source, plan.source, namesOf(plan), share);
  }

  private expected(plan: TablePlan, scan: Scan, differ: (difference: Difference) => void) {
    const { source, helper } = this.proving;
    return expectedRows(source, plan, this.ofColumns, helper, scan, differ);
  }

  /** Rows are read from the table itself, and not from an index that may say otherwise; a sample's are found by their key. */
  private async readBy(way: "table" | "key"): Promise<void> {
    if (this.way === way) return;
    this.way = way;
    const [byIndex, byTable] = way === "key" ? ["on", "off"] : ["off", "on"];
    await this.proving.client.query(
      `SET LOCAL enable_indexscan = ${byIndex}; SET LOCAL enable_bitmapscan = ${byIndex}; SET LOCAL enable_seqscan = ${byTable};
       SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off`,
    );
  }
}

const namesOf = ({ columns }: TablePlan) => columns.map(({ source }) => source);

async function* packed(
  batches: AsyncIterable<ExpectedRow[]>,
  places: readonly number[],
): AsyncGenerator<PackedRows, void> {
  for await (const batch of batches) yield packedRows(batch, places);
}

function describe({ target }: TablePlan, differences: readonly Difference[]): string {
  const lines = differences
    .slice(0, shown)
    .map(({ row, column, why }) => `  ${target.name}.${column}, ${row}: ${why}`);
  const more = differences.length > shown ? [`  and ${differences.length - shown} more`] : [];
  return [
    `table ${target.name}: the proof found values that differ from the source:`,
    ...lines,
    ...more,
  ].join("\n");
}
