/** What a comparison of source and target reports, done at any time before the service has written. */
import type { Client } from "pg";
import { lastAttempt, type Attempt, type LeftOut, type Proof } from "../ledger/ledger";
import { countUses, usedSince } from "../ledger/table-uses";
import type { Run } from "../server/run";

export interface TableComparison {
  readonly table: string;
  readonly rows: number;
  /** What is different, or `null`. */
  readonly difference: string | null;
  /** How many of its rows were compared value by value; absent for a table that differs, and for a PostgreSQL's. */
  readonly proof?: Proof | undefined;
}

/** What a run reports in its last line. */
export interface CompareReport {
  readonly pgmoor: "verify";
  readonly outcome: "equal" | "different";
  readonly rows: number;
  readonly tables: readonly TableComparison[];
  /** What is not compared, as no copy touches it; absent for a PostgreSQL. */
  readonly leftOut?: LeftOut | undefined;
  /** Sequences that follow no column that the schema or a rule names, and are not compared; absent for a PostgreSQL. */
  readonly unsetSequences?: readonly string[] | undefined;
  /** Sequences that would give out a number that a row has already; of a PostgreSQL, that do not stand where the source's do. */
  readonly sequencesBehind: readonly string[];
  /** Indexes, keys, functions, … that only one side has; what the app has built from a SQLite is not looked at. */
  readonly notOnBothSides: readonly string[];
  /** What both sides have with the same name and another definition, and in which properties. Of a PostgreSQL only. */
  readonly definedDifferently: readonly string[];
  /** Whether the source is what the last attempt copied; `null` without an attempt, or when an earlier version made it. */
  readonly sourceUnchanged: boolean | null;
  /** Tables that were written since the copy, as far as the ledger can tell: they may differ. */
  readonly writtenSince: readonly string[];
  readonly seconds: number;
}

/** What the ledger can tell before anything is read. */
export interface SinceCopy {
  readonly last: Attempt | undefined;
  readonly written: readonly string[];
}

export async function sinceCopy(client: Client): Promise<SinceCopy> {
  const last = await lastAttempt(client);
  const writes = last?.writes ?? undefined;
  return {
    last,
    written: writes === undefined ? [] : usedSince(writes, await countUses(client, "writes")),
  };
}

/** Whether two fingerprints were made in the same way: what is before a colon says in which. */
function comparable(recorded: string | null | undefined, found: string): boolean {
  const formOf = (fingerprint: string) => /^\w+(?=:)/.exec(fingerprint)?.[0];
  return recorded !== undefined && formOf(recorded ?? "") === formOf(found);
}

export function differenceReport(
  run: Run,
  { last, written }: SinceCopy,
  fingerprint: string,
  tables: readonly TableComparison[],
  sequencesBehind: readonly string[],
  notOnBothSides: readonly string[] = [],
  definedDifferently: readonly string[] = [],
): CompareReport {
  const equal =
    sequencesBehind.length + notOnBothSides.length + definedDifferently.length === 0 &&
    tables.every(({ difference }) => difference === null);
  return {
    pgmoor: "verify",
    outcome: equal ? "equal" : "different",
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    tables,
    sequencesBehind,
    notOnBothSides,
    definedDifferently,
    sourceUnchanged: comparable(last?.fingerprint, fingerprint) ? last?.fingerprint === fingerprint : null,
    writtenSince: written,
    seconds: run.seconds,
  };
}
