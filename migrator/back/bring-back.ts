/** The way back as a person runs it: from the server, over what was copied once, into a new file. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Client } from "pg";
import { openCopy } from "../copy/open-copy";
import { sync } from "../base/durable";
import { Refused } from "../base/errors";
import type { Run } from "../server/run";
import { takeSnapshot } from "../sqlite/snapshot";
import { migrationTableNames } from "../../services/rules";
import { planCopy, type CopyRules, type TablePlan } from "../copy/copy-plan";
import { targetTables, type TargetTable } from "../server/target";
import { back } from "./back";

/** What a run reports in its last line. */
export interface BackReport {
  readonly pgmoor: "back";
  readonly outcome: "verified";
  readonly file: string;
  readonly rows: number;
  readonly tables: readonly {
    readonly table: string;
    readonly rows: number;
    readonly kept: number;
    readonly changed: number;
    readonly added: number;
    readonly removed: number;
  }[];
  readonly seconds: number;
}

/**
 * Writes a SQLite file that holds what the server holds, in the source's schema. Server and source are only read.
 * @param given what was copied to the server: its snapshot, or the source itself.
 * @param out the file to be; there is none yet.
 * @throws Refused when the app still uses the server, or it holds what the source's schema has no place for.
 */
export async function bringBack(
  run: Run,
  given: string,
  declared: CopyRules,
  out: string,
): Promise<BackReport> {
  await requireNew(out);
  const client = await run.session();
  await run.lock(client);
  await run.requireAlone(client);
  const { file, rows, tables } = await writeBack(run, client, given, declared);
  const partial = `${out}.partial`;
  await fs.copyFile(file, partial);
  await sync(partial);
  await fs.rename(partial, out);
  await sync(path.dirname(out));
  return { pgmoor: "back", outcome: "verified", file: out, rows, tables, seconds: run.seconds };
}

/**
 * Writes the file into the run's scratch folder, and proves it.
 * @param client the session that holds the lock.
 */
export async function writeBack(
  run: Run,
  client: Client,
  given: string,
  declared: CopyRules,
): Promise<Pick<BackReport, "file" | "rows" | "tables">> {
  const helper = await run.session();
  const { source } = await openCopy(run, given);
  const { file } = await takeSnapshot(given, path.join(run.scratch, "back"), 0);
  const plans = await planCopy(client, source, declared);
  const { rules } = declared;
  const serverOnly = await tablesOfServerOnly(client, declared, plans);
  const { scratch, log } = run;
  const tables = await back({ client, helper, source, file, scratch, plans, rules, serverOnly, log });
  return {
    file,
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    tables: tables.map(({ name: table, rows, kept, changed, added, removed }) => ({
      table,
      rows,
      kept,
      changed,
      added,
      removed,
    })),
  };
}

/** Tables that no plan has, and that are no record of the app's migrations. */
export async function tablesOfServerOnly(
  client: Client,
  { migrationTables }: Pick<CopyRules, "migrationTables">,
  plans: readonly TablePlan[],
): Promise<TargetTable[]> {
  const records = migrationTableNames(migrationTables);
  const planned = new Set(plans.map(({ target }) => target.oid));
  const tables = await targetTables(client);
  return tables.filter(({ oid, name }) => !planned.has(oid) && !records.includes(name));
}

/** @throws Refused when the file is there, or a log of another that had its name: SQLite would take it for this one's */
async function requireNew(out: string): Promise<void> {
  for (const suffix of ["", "-wal", "-journal", "-shm"])
    if (await fs.lstat(out + suffix).catch(() => undefined))
      throw new Refused(
        suffix === ""
          ? `${out}: already exists. Choose another file name`
          : `${out}${suffix}: already exists, and SQLite would read it as part of the new file. Choose another file name, or remove it`,
      );
}
