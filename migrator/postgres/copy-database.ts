import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Client } from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { copyOut } from "../server/copy-out";
import { settings as ours } from "../server/connection";
import { literal } from "../base/quoting";
import { Failed, messageOf, Refused } from "../base/errors";
import { functionOf, toldOf } from "../server/server-error";
import { Progress, type Log } from "../base/progress";
import { recordCopied, type Copied } from "../ledger/ledger";
import { Rescue, rescuedText, type RescuePlan } from "../ledger/rescue";
import type { Definitions } from "./dump";
import { sequencesOf, tablesOf, type Table } from "./catalog";
import { qualifyNames, type Origin } from "./origin";
import { dropOwned, lockOwned, schemasOf } from "./owned";
import { prove } from "./proof";
import { applySettings } from "./settings";
import { begun, type Sums } from "./sums";
import { refreshViews } from "./views";

export interface DatabaseCopy {
  readonly source: Origin;
  readonly target: Client;
  readonly definitions: Definitions;
  /** Of the source, by another session than `source` has. */
  readonly sums: Sums;
  readonly attempt: number;
  /** To keep what the target holds. */
  readonly rescue: RescuePlan | undefined;
  /** Called when all is read: throws Refused when the original is no longer what was copied. */
  readonly finished: () => Promise<void>;
  /** Called when the commit begins: from then on nobody can say that nothing is changed. */
  readonly committing: () => void;
  readonly log: Log;
}

/** What a copy came to, and how often it has used each table, by schema and name. */
export type CopiedDatabase = Copied & { readonly uses: ReadonlyMap<string, number> };

/**
 * Makes the target the source's equal, proves it and records it.
 *
 * All in one transaction of one session, and so is a copy of SQLite: killed at any moment, the server rolls back to what was
 * there. `pg_restore --single-transaction` would be a transaction of its own that commits before the proof and the ledger; a
 * restore into another database that is renamed in would want a role that may create databases. So pg_dump and pg_restore
 * make the definitions, as SQL for this session, and the rows go from server to server by the same COPY that pg_dump would
 * write down.
 * @throws Refused or Failed, with nothing changed unless the connection is lost in the commit itself.
 */
export async function copyDatabase(task: DatabaseCopy): Promise<CopiedDatabase> {
  const { target } = task;
  const rescue = new Rescue();
  await target.query("BEGIN");
  try {
    if (task.rescue !== undefined) {
      await lockOwned(target);
      await rescue.take(target, task.rescue);
    }
    const copied = await copyInTransaction(task);
    const notes = rescue.folder === undefined ? {} : { rescued: rescue.folder };
    await recordCopied(target, task.attempt, { ...copied, notes });
    await rescue.publish();
    task.committing();
    await target.query("COMMIT");
    if (rescue.folder !== undefined) task.log(rescuedText(rescue.folder));
    return { ...copied, notes };
  } catch (error) {
    const rolledBack = await target.query("ROLLBACK").then(
      () => true,
      () => false,
    );
    rescue.discard(rolledBack);
    throw explain(error);
  }
}

async function copyInTransaction(task: DatabaseCopy): Promise<CopiedDatabase> {
  const { target, definitions, log } = task;
  const { client: source, settings, schemas, searchPath } = task.source;
  await dropOwned(target);
  const script = await definitions.restore(await schemasOf(target), schemas, searchPath);
  await target.query(script.before);
  const tables = await tablesOf(source);
  // Most of the time the target waits for its disk or works on one processor.
  const sums = begun(task.sums, tables);
  let bytes = 0;
  for (const table of tables) bytes += await copyRows(source, target, table, sums, log);
  for (const [name, state] of await sequencesOf(source)) {
    await target.query(`SELECT setval(${literal(name)}, ${state})`);
  }
  log(`creating indexes, keys and triggers`);
  await target.query(script.after);
  await qualifyNames(target);
  const proved = await prove(source, target, sums);
  // What an index calls finds its names by it, and is called for its statistics.
  await target.query("SELECT set_config('search_path', $1, true)", [searchPath]);
  const refused = await applySettings(target, settings);
  // What the app has a view hold may depend on its settings.
  for (const name of await refreshViews(source, target))
    log(`materialized view ${name}: refreshed from the copied rows`);
  await target.query(ours);
  for (const name of refused)
    log(`the source sets ${name}, which only a superuser may set on the target: not copied`);
  const names = tables.map(({ qualified }) => qualified).join(", ");
  // A source's own server takes a moment to end. The target answers before anything else is asked of it.
  const ends = await Promise.allSettled([
    task.finished(),
    tables.length > 0 ? target.query(`ANALYZE ${names}`) : undefined,
  ]);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  const records = [...proved];
  const rows = records.reduce((sum, [, record]) => sum + record.rows, 0);
  log(`verified: ${rows} rows in ${tables.length} tables, counted and compared on both sides`);
  // Each table was filled once and read back once.
  const uses = new Map<string, number>();
  for (const [{ root }, record] of records) uses.set(root, (uses.get(root) ?? 0) + record.rows + 1);
  const tablesRecorded = Object.fromEntries(records.map(([table, record]) => [shortName(table), record]));
  return { rows, bytes, roundedFractions: 0, rules: [], tables: tablesRecorded, notes: {}, uses };
}

/** A table as reports and the ledger name it. */
export const shortName = ({ schema, name }: Table) => (schema === "public" ? name : `${schema}.${name}`);

/** Streams one table from server to server; returns the bytes sent. */
async function copyRows(source: Client, target: Client, table: Table, sums: Sums, log: Log): Promise<number> {
  const progress = new Progress(`${table.schema}.${table.name}`, undefined, log);
  sums.rows(table).then(
    (total) => progress.expect(total),
    () => undefined,
  );
  const { qualified, filled, binary } = table;
  const what = filled.length === 0 ? qualified : `${qualified} (${filled.join(", ")})`;
  const format = binary ? "binary" : "text";
  const sent = copyOut(source, `COPY ${what} TO STDOUT WITH (FORMAT ${format})`);
  let bytes = 0;
  const count = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      progress.add(sent.ended, chunk.length);
      done(null, chunk);
    },
  });
  // The table is made in this transaction: its rows need no second visit by a vacuum.
  const filling = target.query(copyFrom(`COPY ${what} FROM STDIN WITH (FREEZE, FORMAT ${format})`));
  await pipeline(sent, count, filling);
  progress.add(filling.rowCount, 0);
  progress.end("copied");
  return bytes;
}

interface ServerError {
  readonly code?: string;
  readonly constraint?: string;
  readonly table?: string;
}

/** Turns the servers' errors into words; those that may hold values by their code only. */
function explain(error: unknown): unknown {
  if (error instanceof Refused || error instanceof Failed) return error;
  const { code = "", constraint, table } = error as ServerError;
  if (/^2[23]/.test(code)) {
    return new Refused(
      `the target rejects rows of the source${table ? ` in table ${table}` : ""} (SQLSTATE ${code}${constraint ? `, ${constraint}` : ""}). ` +
        "Rows that violate their own index or key come from a corrupt index, often after a change of the server's image (collation). REINDEX the source, and correct the rows it names",
    );
  }
  if (code === "55P03") {
    return new Failed(
      "another session has a lock on the app's tables. Stop the programs that use this database",
    );
  }
  if (code === "42501") {
    return new Refused(
      `permission denied: the service's role cannot create an object of the source: ${toldOf(error)}`,
    );
  }
  if (/shared_preload_libraries/.test(messageOf(error))) {
    return new Refused(
      `${messageOf(error)} Add the library to shared_preload_libraries of the central server, and restart it`,
    );
  }
  const inFunction = functionOf(error);
  if (["42P01", "42883", "42704", "3F000"].includes(code) && inFunction !== undefined) {
    return new Refused(
      `function ${inFunction}: ${messageOf(error)}. Since PostgreSQL 17, the functions of an index do not use the session's ` +
        `search_path. On the source, run ALTER FUNCTION ${inFunction} SET search_path = SCHEMAS, and try again`,
    );
  }
  return new Failed(`the copy failed: ${toldOf(error)}`);
}
