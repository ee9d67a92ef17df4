/** The app's SQLite file, as a source. */
import * as path from "node:path";
import type { Client } from "pg";
import type { Attempt, Copied, TableRecord } from "../ledger/ledger";
import type { CompareReport } from "../moves/compare-report";
import type { Meeting, Moved, Moving, Replacing, SourceByHand, SourceInJob } from "../moves/source";
import { probe, schemaTask, type Exchange } from "../peer/exchange";
import type { Run } from "../server/run";
import * as snapshot from "../sqlite/snapshot";
import { fileIsAsCopied, targetIsAsCopied } from "./as-copied";
import { compareSqlite } from "./compare-sqlite";
import type { HeldPolicy } from "./copy";
import { untouchedTables, type CopyRules } from "./copy-plan";
import { dryRun, requireReplaceable } from "./dry-run";
import { moveSqlite } from "./move-sqlite";
import type { Extent } from "./proof/extent";

/** Moved by a person, whose app has built its schema already. */
export class SqliteFile implements SourceByHand {
  readonly reach = "named";

  /**
   * @param declared what may be done to its values and tables.
   * @param extent how much of large tables the proof compares.
   */
  constructor(
    protected readonly file: string,
    protected readonly declared: CopyRules,
    protected readonly extent: Extent,
  ) {}

  get untouched(): readonly string[] {
    return untouchedTables(this.declared);
  }

  get folder(): string {
    return path.dirname(this.file);
  }

  isThere(): Promise<boolean> {
    return snapshot.isThere(this.file);
  }

  fingerprint(): Promise<string | undefined> {
    return snapshot.fingerprint(this.file);
  }

  isAsCopied(run: Run, last: Attempt): Promise<boolean> {
    return fileIsAsCopied(run, this.file, last);
  }

  targetIsAsCopied(
    run: Run,
    client: Client,
    recorded: Readonly<Record<string, TableRecord>>,
  ): Promise<boolean> {
    return targetIsAsCopied(run, client, this.file, this.declared, recorded);
  }

  /** A file is no database on a server. */
  async requireOther(): Promise<void> {}

  async requireMovable(moving: Moving & Replacing): Promise<void> {
    if (moving.rescue !== undefined && !moving.replace)
      await requireReplaceable(moving, this.file, this.declared);
  }

  moveByHand(moving: Moving & Replacing): Promise<Moved> {
    const { rescue, replace } = moving;
    const held = replace && rescue !== undefined ? { rescue } : { same: moving };
    return this.move(moving, held, () => Promise.resolve());
  }

  protected move(moving: Moving, held: HeldPolicy, buildSchema: () => Promise<void>): Promise<Moved> {
    const { file, declared, extent } = this;
    return moveSqlite(moving, { file, declared, extent, held, buildSchema });
  }

  dryRun(moving: Moving & Replacing): Promise<Copied> {
    return dryRun(moving, this.file, this.declared);
  }

  compare(run: Run): Promise<CompareReport> {
    return compareSqlite(run, this.file, this.declared, this.extent);
  }
}

/** How the app builds its schema: a command that ends, or the app itself until `health` answers 2xx. */
export type SchemaBuild = { readonly kind: "command" } | { readonly kind: "app"; readonly health: string };

/** Moved by a job, whose other task builds the schema. */
export class SqliteInJob extends SqliteFile implements SourceInJob {
  readonly peer = schemaTask;

  constructor(
    file: string,
    declared: CopyRules,
    extent: Extent,
    private readonly schema: SchemaBuild,
  ) {
    super(file, declared, extent);
  }

  moveInJob(moving: Moving, { exchange }: Meeting): Promise<Moved> {
    const { rescue, run } = moving;
    const held = rescue === undefined ? "seeds" : { rescue };
    return this.move(moving, held, () => this.buildSchema(run, exchange));
  }

  private async buildSchema(run: Run, exchange: Exchange): Promise<void> {
    const { schema } = this;
    const started = performance.now();
    await exchange.build(
      schema.kind === "app" ? async () => (await probe(schema.health)) === true : undefined,
    );
    run.log(`the app built its schema in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }
}
