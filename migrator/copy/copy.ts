import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Client } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import type { Rule } from "../../services/rules";
import { identifier } from "../base/quoting";
import { setAside } from "./constraints";
import { Failed, Refused } from "../base/errors";
import { functionOf, toldOf } from "../server/server-error";
import { refreshOwnViews } from "../postgres/views";
import { heldRows, replacedRows, requireNoRecord, requireNothingOwn } from "./held";
import { recordCopied, type Copied, type LeftOut, type Proof, type TableRecord } from "../ledger/ledger";
import { Rescue, rescuedText, type RescuePlan } from "../ledger/rescue";
import { misfitLimit, refusal, type Offence } from "./offences";
import { referencesFromOutside, removeOrphans } from "./orphans";
import type { TablePlan } from "./copy-plan";
import { Progress, type Log } from "../base/progress";
import type { EarlySamples } from "./proof/early-samples";
import type { Extent } from "./proof/extent";
import { Prover } from "./proof/prove";
import { copyRows, newTableSum, type TableSum } from "./rows";
import { binaryEnd, binaryHeader, rowForm } from "./row-form";
import { countRuleUses } from "./rule-uses";
import { setSequences } from "./sequences";
import { notesText } from "../ledger/ledger-text";
import type { SqliteDatabase } from "../sqlite/sqlite-database";
import { verify } from "./verify";

/** Rows from which on it pays to drop a table's keys and make them again, and to truncate a table that is empty. */
const largeRows = 50_000;

/** SQLSTATE of rows that are equal under a unique index. */
const duplicate = "23505";

/** The function of PostgreSQL that refuses a row that does not fit into a page. */
const pageRoutine = "RelationGetBufferForTuple";

/** SQLSTATEs that say that rows are at fault: a value, a constraint, and what is too large, as for an index. */
const aboutRows = /^(22|23|54)/;

/**
 * What may become of rows that the tables hold. `seeds`: the app made them with its schema, they are replaced. `same`: only
 * rows that the source has as well are replaced. Else they are kept on disk first.
 */
export type HeldPolicy =
  "seeds" | { readonly same: Pick<RescuePlan, "snapshots"> } | { readonly rescue: RescuePlan };

/**
 * What a copy needs. `helper` is a second session, for what cannot be asked in the middle of a COPY, and `proofHelper` a third
 * one, since the proof asks at the same time.
 */
export interface CopyTask {
  readonly client: Client;
  readonly helper: Client;
  readonly proofHelper: Client;
  readonly source: SqliteDatabase;
  readonly plans: readonly TablePlan[];
  /** Those the plans were made with. */
  readonly rules: readonly Rule[];
  /** What the plans do not touch. */
  readonly leftOut?: LeftOut;
  /** How much the proof compares of large tables. */
  readonly extent: Extent;
  /** Samples that have begun to be read. */
  readonly early?: EarlySamples;
  readonly attempt: number;
  /** What may become of rows that the tables hold. */
  readonly held: HeldPolicy;
  /** Throws Refused when the source is no longer what was copied. */
  readonly requireSameSource: () => Promise<void>;
  /** Called when the commit begins: from then on nobody can say that nothing is changed. */
  readonly committing: () => void;
  readonly log: Log;
}

/**
 * Replaces the rows of all tables by the source's, proves it and records it, in one transaction: everything or nothing.
 * @throws Refused naming the values that do not fit or when the source has changed, Failed when the server fails or the two sides differ. Nothing is
 * changed then, unless the connection is lost in the commit itself.
 */
export async function copy(task: CopyTask): Promise<Copied> {
  try {
    return await copyOnce(task, "aside");
  } catch (error) {
    if ((error as ServerError).code !== duplicate) throw explain(error);
    task.log("duplicate key: copying again to find the constraint");
    return await copyOnce(task, "in place").catch((again: unknown) => {
      throw explain(again);
    });
  }
}

/** @param keys where the keys of large tables are while rows come in. */
async function copyOnce(task: CopyTask, keys: "aside" | "in place"): Promise<Copied> {
  const { client } = task;
  const rescue = new Rescue();
  await client.query("BEGIN");
  try {
    const copied = await copyInTransaction(task, rescue, keys);
    await task.requireSameSource();
    task.log("the source has not changed during the copy");
    await recordCopied(client, task.attempt, copied);
    await rescue.publish();
    task.committing();
    await client.query("COMMIT");
    task.log("committed");
    if (rescue.folder !== undefined) task.log(rescuedText(rescue.folder));
    return copied;
  } catch (error) {
    const rolledBack = await client.query("ROLLBACK").then(
      () => true,
      () => false,
    );
    rescue.discard(rolledBack);
    throw error;
  }
}

async function copyInTransaction(
  task: CopyTask,
  rescue: Rescue,
  keys: "aside" | "in place",
): Promise<Copied> {
  const { client, helper, source, plans, rules, extent, early, leftOut, held: policy, log } = task;
  if (plans.length === 0)
    return {
      rows: 0,
      bytes: 0,
      roundedFractions: 0,
      rules: countRuleUses(rules, plans, source),
      tables: {},
      notes: {},
    };
  const counts = new Map(plans.map((plan) => [plan, source.count(plan.source)]));
  const large = plans.filter((plan) => keys === "aside" && (counts.get(plan) ?? 0) >= largeRows);
  const oids = (some: readonly TablePlan[]) => some.map(({ target }) => target.oid);
  const all = plans.map(({ target }) => target.qualified).join(", ");
  await client.query(`LOCK TABLE ${all} IN ACCESS EXCLUSIVE MODE`);
  const held = await heldRows(client, helper, source, plans, rules);
  requireNoRecord(held, rules);
  if (policy !== "seeds") {
    if ("same" in policy) requireNothingOwn(held, policy.same.snapshots);
    else if (held.some(({ own }) => own > 0)) await rescue.take(client, policy.rescue);
  }
  const references = rescue.folder === undefined ? [] : await referencesFromOutside(client, plans);
  const restore = await setAside(client, oids(plans), oids(large));
  const holdsRows = new Set(held.map(({ table }) => table));
  const emptied = plans.filter((plan) => holdsRows.has(plan.target.name) || counts.get(plan)! >= largeRows);
  if (emptied.length > 0)
    await client.query(`TRUNCATE ${emptied.map(({ target }) => target.ownRows).join(", ")}`);
  const offences: Offence[] = [];
  const readings = new Map<TablePlan, TableSum>();
  const proving = { client, helper: task.proofHelper, source, rules, extent };
  const prover = new Prover({ ...proving, ...(early !== undefined && { early }) });
  let bytes = 0;
  // The source is read once more while the server takes rows and makes indexes.
  const unsetSequences = await together(prover, plans, async () => {
    for (const plan of plans) {
      const tableSum = newTableSum(offences);
      const progress = new Progress(plan.target.name, counts.get(plan) ?? 0, log);
      const freeze = emptied.includes(plan) && !plan.target.partitioned;
      bytes += await copyTable(client, helper, source, plan, freeze, tableSum, progress);
      readings.set(plan, tableSum);
      if (offences.length === 0) progress.end("copied");
      if (offences.length >= misfitLimit) break;
    }
    if (offences.length > 0) throw refusal(offences);
    const unset = await setSequences(client, plans, rules, source.highWaterMarks());
    const began = performance.now();
    await removeOrphans(client, references, log);
    await restore();
    log(`keys, indexes and triggers are restored after ${((performance.now() - began) / 1000).toFixed(1)} s`);
    await client.query("SET CONSTRAINTS ALL IMMEDIATE");
    return unset;
  });
  await prover.fetch();
  // What was read ahead is compared while the server sends the tables.
  const comparing = prover.compareFetched();
  // Said below, however early it comes.
  comparing.catch(() => undefined);
  for (const [plan, tableSum] of readings) await verify(client, source, plan, tableSum);
  await comparing;
  const tables: Record<string, TableRecord> = {};
  const proofs: Record<string, Proof> = {};
  let rows = 0;
  let roundedFractions = 0;
  for (const [plan, tableSum] of readings) {
    proofs[plan.target.name] = await prover.prove(plan);
    tables[plan.target.name] = {
      rows: tableSum.checksum.rows,
      checksum: tableSum.checksum.toString(),
      ...(rowForm(plan) === "binary" && { form: "binary" }),
    };
    rows += tableSum.checksum.rows;
    roundedFractions += tableSum.roundedFractions;
  }
  log(`verified: ${rows} rows in ${plans.length} tables, counted and compared on both sides`);
  for (const line of await refreshOwnViews(client)) log(line);
  const assumedUtc = [...readings.values()].reduce((sum, reading) => sum + reading.assumedUtc, 0);
  const sampled = Object.fromEntries(Object.entries(proofs).filter(([, proof]) => proof.confidence < 1));
  const notes = {
    ...(leftOut !== undefined && { leftOut }),
    unsetSequences,
    assumedUtc,
    sampled,
    replacedRows: replacedRows(held),
    ...(rescue.folder !== undefined && { rescued: rescue.folder }),
  };
  for (const line of notesText(notes)) log(line);
  return { rows, bytes, roundedFractions, rules: countRuleUses(rules, plans, source), tables, notes };
}

/** Works on the target while the prover reads the source; ends when both have. */
async function together<T>(prover: Prover, plans: readonly TablePlan[], work: () => Promise<T>): Promise<T> {
  const ahead = prover.readAhead(plans);
  // Said below, however early it comes.
  ahead.catch(() => undefined);
  let done: T;
  try {
    done = await work();
  } catch (error) {
    prover.end();
    await ahead.catch(() => undefined);
    throw error;
  }
  prover.targetIsReady();
  await ahead;
  return done;
}

/**
 * Streams one table; returns the bytes sent.
 * @param freeze for a table that is emptied in this transaction: its rows need no second visit by a vacuum.
 */
async function copyTable(
  client: Client,
  helper: Client,
  source: SqliteDatabase,
  plan: TablePlan,
  freeze: boolean,
  tableSum: TableSum,
  progress: Progress,
): Promise<number> {
  const form = rowForm(plan);
  const text = copyRows(source, plan, helper, tableSum, form);
  if (tableSum.offences.length > 0) {
    // Nothing is sent any more, and the server may have ended the transaction; what else does not fit is to be known.
    while (!(await text.next()).done);
    return 0;
  }
  const names = plan.columns
    .filter(({ target }) => !target.generated)
    .map(({ target }) => identifier(target.name))
    .join(", ");
  const options = `FORMAT ${form}${freeze ? ", FREEZE" : ""}`;
  const stream = client.query(
    copyFrom(`COPY ${plan.target.qualified} (${names}) FROM STDIN WITH (${options})`),
  );
  let bytes = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    if (form === "binary") yield binaryHeader;
    for await (const chunk of text) {
      bytes += chunk.length;
      progress.add(tableSum.checksum.rows, chunk.length);
      yield chunk;
    }
    if (form === "binary") yield binaryEnd;
  }
  try {
    await pipeline(Readable.from(counted(), { objectMode: true, highWaterMark: 2 }), stream);
  } catch (error) {
    const offence = offenceOfServer(error, source, plan, tableSum);
    if (offence === undefined) throw error;
    tableSum.offences.push(offence);
  }
  return bytes;
}

interface ServerError extends Error {
  code?: string;
  where?: string;
  constraint?: string;
  column?: string;
  table?: string;
  routine?: string;
}

/** A row that the server refused in the middle of a COPY. Its own message may hold the value, so only its code is used. */
function offenceOfServer(
  error: unknown,
  source: SqliteDatabase,
  plan: TablePlan,
  { leftBehind }: TableSum,
): Offence | undefined {
  const { code = "", where = "", constraint, column, routine } = error as ServerError;
  const line = /, line (\d+)/.exec(where)?.[1];
  const raisedBy = functionOf(error);
  if ((!aboutRows.test(code) && raisedBy === undefined) || line === undefined) return undefined;
  const named = column ?? /, line \d+, column ([^:]+)/.exec(where)?.[1] ?? "(row)";
  const kind =
    raisedBy !== undefined
      ? `row for which a function of the app raises an error: ${raisedBy}, SQLSTATE ${code}`
      : constraint === undefined
        ? `value that the server rejects (SQLSTATE ${code})`
        : `row that violates the constraint ${constraint}`;
  const { name: table } = plan.source;
  return { table, column: named, row: rowAt(Number(line)), kind, help: undefined };

  /** @param place of the row among those that were sent, the first being 1. */
  function rowAt(place: number): string {
    // Rows are stored some at a time: of one that does not fit, the server names the last of its batch.
    if (routine === pageRoutine) return "one of its rows";
    // The server has not seen the rows that a rule left behind.
    for (const left of leftBehind) if (left <= place) place++;
    return source.keyOf(plan.source, place);
  }
}

/** Turns the server's errors outside of a COPY into words; those that may hold values by their code only. */
function explain(error: unknown): unknown {
  if (error instanceof Refused || error instanceof Failed) return error;
  const { code = "", constraint, table, message } = error as ServerError;
  if (code === "23503") {
    return new Refused(
      `table ${table}: rows violate the foreign key ${constraint}: they refer to rows that do not exist. By default, SQLite does not check ` +
        "this. `PRAGMA foreign_key_check` lists the rows",
    );
  }
  if (code === duplicate) {
    return new Refused(
      `table ${table}: duplicate rows violate ${constraint} (duplicate key). Remove the duplicates`,
    );
  }
  if (code === "55P03") {
    return new Failed(
      "another session has a lock on the app's tables. Stop the programs that use this database",
    );
  }
  if (aboutRows.test(code)) {
    return new Refused(
      `the server rejects the rows (SQLSTATE ${code}${constraint ? `, ${constraint}` : ""})`,
    );
  }
  if (functionOf(error) !== undefined)
    return new Refused(`a function of the app rejects the rows: ${toldOf(error)}`);
  return new Failed(`the copy failed: ${toldOf(error) || message}`);
}
