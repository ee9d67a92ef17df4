/** The comparison of a copy, done again at any time before the service has written. */
import type { Client } from "pg";
import { openCopy } from "./open-copy";
import { Prover } from "../copy/proof/prove";
import { Failed } from "../base/errors";
import { notesText } from "../ledger/ledger-text";
import { lastAttempt, type Attempt, type LeftOut, type Proof } from "../ledger/ledger";
import type { Moving } from "./attempt";
import { leftOutOf } from "../copy/left-out";
import { planCopy } from "../copy/copy-plan";
import { readAll } from "../copy/read-all";
import type { Run } from "../server/run";
import { sequencesBehind } from "../copy/sequences";
import { countUses, usedSince } from "../ledger/table-uses";
import { verify } from "../copy/verify";

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
  /** Sequences that would give out a number that a row has already; of a PostgreSQL, that do not stand where the source's do. */
  readonly sequencesBehind: readonly string[];
  /** Indexes, keys, functions, … that only one side has; what the app has built from a SQLite is not looked at. */
  readonly notOnBothSides: readonly string[];
  /** What both sides have with the same name and another definition, and in which properties. Of a PostgreSQL only. */
  readonly definedDifferently: readonly string[];
  /** Whether the source is what the last attempt copied; `null` without an attempt. */
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

/**
 * Holds the source against the target, table by table, under the declared rules. Writes nothing.
 * @throws Refused when the source has values that do not fit, Failed when the server fails.
 */
export async function compareSqlite(
  run: Run,
  moving: Pick<Moving, "source" | "migrationTables" | "rules" | "verify">,
): Promise<CompareReport> {
  const { source, fingerprint } = await openCopy(run, moving.source.file);
  const client = await run.session();
  const helper = await run.session();
  const since = await sinceCopy(client);
  const plans = await planCopy(client, source, moving);
  const read = await readAll(source, plans, helper, () => undefined);
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  const tables: TableComparison[] = [];
  const prover = new Prover({ client, helper, source, rules: moving.rules, extent: moving.verify });
  for (const { plan, tableSum } of read) {
    let proof: Proof | undefined;
    const difference = await differenceOf(async () => {
      await verify(client, source, plan, tableSum);
      proof = await prover.prove(plan);
    });
    const one: TableComparison = { table: plan.target.name, rows: tableSum.checksum.rows, difference, proof };
    run.log(difference ?? `${one.table}: ${one.rows} rows, equal`);
    tables.push(one);
  }
  const leftOut = await leftOutOf(helper, source, plans, moving);
  for (const line of notesText({ leftOut })) run.log(line);
  const behind = await sequencesBehind(client, plans, moving.rules);
  await client.query("ROLLBACK");
  for (const sequence of behind) run.log(`sequence ${sequence}: would give out a number that is taken`);
  return { ...differenceReport(run, since, fingerprint, tables, behind), leftOut };
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
    sourceUnchanged: last === undefined ? null : last.fingerprint === fingerprint,
    writtenSince: written,
    seconds: run.seconds,
  };
}

async function differenceOf(verification: () => Promise<void>): Promise<string | null> {
  try {
    await verification();
    return null;
  } catch (error) {
    if (error instanceof Failed) return error.message;
    throw error;
  }
}
