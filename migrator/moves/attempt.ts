/** What a move in a job and one by hand have in common: the decision, and one attempt. */
import type { Client } from "pg";
import type { Config, SqliteFile } from "../job/config";
import { copy, type HeldPolicy } from "../copy/copy";
import { confirmed, decide, type Decision } from "../ledger/decide";
import { Refused } from "../base/errors";
import { findings } from "./findings";
import {
  lastAttempt,
  recordContent,
  recordSnapshot,
  recordUses,
  type Attempt,
  type Copied,
  type Notes,
} from "../ledger/ledger";
import { leftOutOf } from "../copy/left-out";
import { planCopy } from "../copy/copy-plan";
import type { Run } from "../server/run";
import { reachOf, type Source } from "./source";
import type { RescuePlan } from "../ledger/rescue";
import { contentOf, fingerprint, scratchCopy, takeSnapshot } from "../sqlite/snapshot";
import { SqliteDatabase } from "../sqlite/sqlite-database";
import { countUses, requireCounters, usesAfterCopy } from "../ledger/table-uses";

/** What is to be moved, and by which rules. */
export interface Moving<S extends Source = SqliteFile> extends Pick<
  Config,
  "service" | "snapshots" | "migrationTables" | "rules" | "verify"
> {
  readonly source: S;
}

export interface DecidedMove {
  /** The session that holds the lock. */
  readonly client: Client;
  readonly last: Attempt | undefined;
  readonly decision: Exclude<Decision, { act: "refuse" }>;
}

/** Who asks. */
export interface Asking {
  /** A person, who may say what is to become of rows that the ledger knows nothing of. In a job they are refused. */
  readonly byHand?: boolean;
  /** Nothing is to be written: who else is in the database does not matter yet. */
  readonly dry?: boolean;
}

/**
 * Connects, locks, and decides by the ledger. Changes nothing.
 * @throws Refused when there is nothing to be done without a person.
 */
export async function decideMove(
  run: Run,
  moving: Moving<Source>,
  { byHand = false, dry = false }: Asking = {},
): Promise<DecidedMove> {
  const client = await run.session();
  if (dry) await client.query("SET default_transaction_read_only = on");
  await run.lock(client);
  await requireCounters(client);
  const last = await lastAttempt(client);
  if (last !== undefined && last.service !== moving.service) {
    throw new Refused(
      `this database is recorded as that of service "${last.service}", not "${moving.service}"`,
    );
  }
  const decision =
    last?.state === "confirmed"
      ? confirmed
      : await decideByFindings(run, client, moving, last, { byHand, dry });
  run.log(
    `${last === undefined ? "no attempt before" : `last attempt ${last.attempt}: ${last.state}`}; ${decision.why}`,
  );
  if (decision.act === "refuse") throw new Refused(decision.why);
  return { client, last, decision };
}

async function decideByFindings(
  run: Run,
  client: Client,
  moving: Moving<Source>,
  last: Attempt | undefined,
  { byHand, dry }: { readonly byHand: boolean; readonly dry: boolean },
): Promise<Decision> {
  // What a session of the app has done counts only once it has ended.
  if (!dry && last !== undefined) await run.requireAlone(client);
  const found = await findings(run, client, moving, last);
  return byHand && last === undefined && found.targetHasRows
    ? ({ ...decide({ ...found, targetHasRows: false }), rescue: true } as Decision)
    : decide(found);
}

/** Where the rows of the attempt before are kept. */
export function rescueOf({ snapshots, source }: Moving<Source>, attempt: number): RescuePlan {
  return { snapshots, attempt: attempt - 1, reach: reachOf(source) };
}

/** What an attempt came to. */
export interface Moved extends Copied {
  readonly snapshot: string;
}

/**
 * One attempt, once it is in the ledger: snapshot, schema, copy, proof, record.
 * @param client ended by it.
 * @param held what may become of rows that the app's tables hold.
 * @param buildSchema has the app build its schema, once the source is safe.
 */
export async function moveSqlite(
  run: Run,
  client: Client,
  moving: Moving,
  attempt: number,
  held: HeldPolicy,
  buildSchema: () => Promise<void>,
): Promise<Moved> {
  const { file } = moving.source;
  const snapshot = await takeSnapshot(file, moving.snapshots, attempt);
  await recordSnapshot(client, attempt, snapshot);
  run.log(`snapshot of ${snapshot.bytes} bytes in ${snapshot.folder}`);
  const scratch = await scratchCopy(snapshot, run.scratch);
  const source = SqliteDatabase.open(scratch, file, run.scratch);
  await recordContent(client, attempt, await contentOf(scratch));
  await buildSchema();
  await run.requireAlone(client);
  const plans = await planCopy(client, source, moving);
  const helper = await run.session();
  const before = await countUses(helper, "lasting");
  const copied = await copy({
    client,
    helper,
    source,
    plans,
    rules: moving.rules,
    leftOut: await leftOutOf(helper, source, plans, moving),
    extent: moving.verify,
    attempt,
    held,
    requireSameSource: () => requireSameSource(file, snapshot.fingerprint),
    committing: () => (run.leftBehindBy = left.committing),
    log: run.log,
  });
  run.leftBehindBy = left.committed;
  await client.end();
  const least = plans.map(({ target: { schema, name, partitioned } }): [string, number] => {
    const known = (before[`${schema}.${name}`] ?? 0) + (copied.tables[name]?.rows ?? 0);
    // Each table was filled once and read back once; a partitioned one may have no partition to be read.
    return [`${schema}.${name}`, known + (partitioned ? 0 : 1)];
  });
  await recordCounts(run, helper, attempt, new Map(least));
  return { ...copied, snapshot: snapshot.folder };
}

const next = "the next try copies the source anew, and dumps what the app's tables hold then";

/** What an end leaves behind from the commit on. */
export const left = {
  committing: `the copy may be committed (the ledger shows it); ${next}`,
  committed: `the copy is committed, and not confirmed; ${next}`,
};

/**
 * Records how often the tables had been used once the copy is in the server's counts.
 * @param least of each table, by schema and name: the count that shows it.
 */
export async function recordCounts(
  run: Run,
  client: Client,
  attempt: number,
  least: ReadonlyMap<string, number>,
): Promise<void> {
  const uses = await usesAfterCopy(client, least, run.deadline);
  await recordUses(client, attempt, { uses, writes: await countUses(client, "writes") });
}

async function requireSameSource(file: string, copied: string): Promise<void> {
  if ((await fingerprint(file)) === copied) return;
  throw new Refused(
    `${file} has changed since its snapshot: something still writes to it. Stop whatever else uses the file, and run it again`,
  );
}

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
