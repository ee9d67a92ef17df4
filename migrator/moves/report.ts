import type { Copied, Notes } from "../ledger/ledger";
import type { Run } from "../server/run";

/** What a run reports in its last line. */
export interface MigrateReport {
  readonly pgmoor: "migrate";
  readonly service: string;
  readonly attempt: number;
  /** `dry-run`: everything fits, and nothing was written. */
  readonly outcome: "verified" | "skipped" | "dry-run";
  readonly rows: number;
  readonly bytes: number;
  readonly tables: number;
  readonly roundedFractions: number;
  /** Every declared rule, and to how many values it was applied. */
  readonly rules: Copied["rules"];
  readonly notes: Notes;
  readonly snapshot: string | null;
  readonly seconds: number;
}

export function reportOf(
  run: Run,
  service: string,
  attempt: number,
  outcome: MigrateReport["outcome"],
  moved?: Copied & { readonly snapshot: string | null },
): MigrateReport {
  const {
    rows = 0,
    bytes = 0,
    roundedFractions = 0,
    rules = [],
    snapshot = null,
    tables = {},
    notes = {},
  } = moved ?? {};
  const { seconds } = run;
  return {
    pgmoor: "migrate",
    service,
    attempt,
    outcome,
    rows,
    bytes,
    tables: Object.keys(tables).length,
    roundedFractions,
    rules,
    notes,
    snapshot,
    seconds,
  };
}
