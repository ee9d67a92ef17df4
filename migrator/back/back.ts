/** From the server back to SQLite: a file in the source's own schema that holds what the server holds. */
import * as fs from "node:fs/promises";
import type { Client } from "pg";
import type { Rule } from "../../services/rules";
import { identifier } from "../base/quoting";
import { messageOf, Refused } from "../base/errors";
import type { ColumnConverter } from "../values/convert";
import type { ColumnPlan, TablePlan } from "../copy/copy-plan";
import { readAll } from "../copy/read-all";
import { linesOf } from "../copy/lines";
import { copyRows, newTableSum } from "../copy/rows";
import { ConfinedDatabase } from "../sqlite/confined/database";
import { Ended } from "../sqlite/confined/process";
import { requireOwnJournal } from "../sqlite/journal";
import { SqliteDatabase } from "../sqlite/sqlite-database";
import { linesOfTarget } from "../copy/verify";
import { keyOf } from "../copy/held";
import type { TargetTable } from "../server/target";
import { raiseMarks } from "./marks";
import { requireRoom } from "./room";
import { rebuildSearchIndexes } from "./search-index";
import { Styles } from "./styles";
import { tableBack, type TableBack } from "./table";
import { rowOf } from "./table-writer";

export interface BackTask {
  readonly client: Client;
  /** A second session, for what cannot be asked in the middle of a COPY. */
  readonly helper: Client;
  /** A scratch copy of what was copied to the server once, log merged, to be read. */
  readonly source: SqliteDatabase;
  /** A second copy of the same, which becomes what the server holds. */
  readonly file: string;
  /** Folder of both, and the only one that SQLite may write to. */
  readonly scratch: string;
  readonly plans: readonly TablePlan[];
  /** Those the plans were made with. */
  readonly rules: readonly Rule[];
  /** Tables that only the server has, without the app's record of its migrations. */
  readonly serverOnly: readonly TargetTable[];
  readonly log: (line: string) => void;
}

/**
 * Makes the file hold what the server holds, and proves it. Rows that it had already keep every byte; the app's own record of
 * its migrations stays as it was.
 * @throws Refused when the server holds what the source's schema has no place for. The file is of no use then; source and
 * server are as they were.
 */
export async function back(given: BackTask): Promise<TableBack[]> {
  const { client, log } = given;
  const plans = given.plans.map(backwards);
  const task = { ...given, plans };
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  try {
    await requireRoom(client, plans, given.serverOnly, given.rules);
    const tables = await rewrite(task);
    await prove(task, tables);
    const rows = tables.reduce((sum, table) => sum + table.rows, 0);
    log(`verified: ${rows} rows in ${tables.length} tables, counted and compared on both sides`);
    return tables;
  } finally {
    await client.query("ROLLBACK");
  }
}

/** What the server computes is a value like any other in the file, unless SQLite computes it as well. */
function backwards(plan: TablePlan): TablePlan {
  const computed = new Set(plan.source.columns.filter(({ generated }) => generated).map(({ name }) => name));
  const columns = plan.columns
    .filter(({ source }) => !computed.has(source))
    .map((column) => ({
      ...column,
      target: { ...column.target, generated: false },
      converter: withoutScale(column),
    }));
  return { ...plan, columns };
}

/** A plain numeric keeps how many zeros were written behind it; SQLite's numbers do not, and mean the same. */
function withoutScale({ target, converter }: ColumnPlan): ColumnConverter {
  if (target.type !== "numeric" || target.modifier !== -1) return converter;
  const trim = (field: string) => (field.includes(".") ? field.replace(/\.?0+$/, "") : field);
  return { ...converter, convert: (...value) => trim(converter.convert(...value)), reprint: trim };
}

async function rewrite(task: BackTask): Promise<TableBack[]> {
  const { client, helper, source, file, scratch, plans, rules, log } = task;
  requireOwnJournal(file, "the source");
  // What the file holds is hostile: its triggers, checks and expressions are run as it is written.
  const database = new ConfinedDatabase(file, scratch);
  try {
    database.exec("PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF");
    // All of it in one file: a log beside it would stay behind when it is moved. The app chooses its journal when it starts.
    database.exec("PRAGMA journal_mode = DELETE");
    // npm's libsql keeps temporary tables in memory unless told otherwise.
    database.exec("PRAGMA temp_store = FILE");
    database.exec("PRAGMA foreign_keys = OFF; PRAGMA recursive_triggers = OFF; BEGIN");
    const triggers = database.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all() as {
      name: string;
      sql: string;
    }[];
    for (const { name } of triggers) database.exec(`DROP TRIGGER ${identifier(name)}`);
    const styles = await Styles.learn(database, source, helper, plans, rules);
    const tables: TableBack[] = [];
    for (const plan of plans) {
      const tableSum = newTableSum();
      const table = await tableBack({
        file: database,
        source,
        plan,
        key: (await keyOf(client, plan.target.oid)).key,
        server: linesOf(linesOfTarget(client, plan)),
        sent: linesOf(copyRows(source, plan, helper, tableSum, "text")),
        leftBehind: tableSum.leftBehind,
        styles,
      });
      if (tableSum.offences.length > 0)
        throw new Refused(
          `table ${plan.source.name}: the source does not match the server's schema. Use the file that was copied, and the same rules`,
        );
      const { name, rows, kept, changed, added, removed } = table;
      log(`${name}: ${rows} rows; ${kept} kept, ${changed} changed, ${added} added, ${removed} removed`);
      tables.push(table);
    }
    styles.requireLearned();
    await raiseMarks(client, database, plans, rules);
    if (tables.some(({ changed, added, removed }) => changed + added + removed > 0)) {
      const rebuilt = rebuildSearchIndexes(database);
      if (rebuilt.length > 0) log(`rebuilt the full-text indexes ${rebuilt.join(", ")}`);
    }
    // One statement each: SQLite ignores what stands behind it in a file, `exec` would run that as well.
    for (const { sql } of triggers) database.prepare(sql).run();
    database.exec("COMMIT");
    return tables;
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    throw new Refused(
      `SQLite's process ended while it wrote the new file (${messageOf(error)}). The source is corrupt or malicious`,
    );
  } finally {
    database.close();
  }
}

/** Reads the file anew, as a cutover would, and holds it against the server. */
async function prove(
  { client, helper, file, scratch, plans }: BackTask,
  tables: readonly TableBack[],
): Promise<void> {
  const proof = `${file}.proof`;
  await fs.copyFile(file, proof);
  const written = SqliteDatabase.open(proof, file, scratch);
  try {
    const read = await readAll(
      written,
      plans,
      helper,
      () => undefined,
      () => "text",
    );
    for (const [index, { plan, tableSum }] of read.entries()) {
      const { checksum } = tables[index]!;
      const left = tableSum.leftBehind.length;
      if (
        written.count(plan.source) - left === checksum.rows &&
        tableSum.checksum.toString() === checksum.toString()
      )
        continue;
      throw new Refused(
        `table ${plan.source.name}: ${await firstMissing(client, helper, written, plan)} does not round-trip: SQLite stores a different value`,
      );
    }
  } finally {
    written.close();
  }
}

/** Names the first row of the server that the file does not give back. */
async function firstMissing(
  client: Client,
  helper: Client,
  written: SqliteDatabase,
  plan: TablePlan,
): Promise<string> {
  const tableSum = newTableSum();
  const given = new Set<string>();
  for await (const line of linesOf(copyRows(written, plan, helper, tableSum, "text")))
    given.add(line.toString());
  let missing: string | undefined;
  // To the end: a COPY that is left in its middle leaves its session waiting.
  for await (const line of linesOf(linesOfTarget(client, plan))) {
    const text = line.toString();
    if (!given.has(text)) missing ??= rowOf(plan, text.split("\t"));
  }
  return missing === undefined ? "rows that are equal to others" : `the row ${missing}`;
}
