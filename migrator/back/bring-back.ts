/** The way back as a person runs it: from the server, over what was copied once, into a new file. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { openCopy } from "../moves/by-hand";
import { sync } from "../base/durable";
import { Refused } from "../base/errors";
import type { Moving } from "../moves/attempt";
import { planCopy } from "../copy/copy-plan";
import type { Run } from "../server/run";
import { takeSnapshot } from "../sqlite/snapshot";
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
    readonly written: number;
    readonly removed: number;
  }[];
  readonly seconds: number;
}

/**
 * Writes a SQLite file that holds what the server holds, in the source's schema. Server and source are only read.
 * @param moving.source what was copied to the server: its snapshot, or the source itself.
 * @param out the file to be; there is none yet.
 * @throws Refused when the app still uses the server, or it holds what the source's schema has no place for.
 */
export async function bringBack(
  run: Run,
  moving: Pick<Moving, "source" | "migrationTables" | "rules">,
  out: string,
): Promise<BackReport> {
  if (await fs.stat(out).catch(() => undefined))
    throw new Refused(`${out}: is there already. Name a new file`);
  const client = await run.session();
  await run.lock(client);
  await run.requireAlone(client);
  const helper = await run.session();
  const { source } = await openCopy(run, moving.source.file);
  const { file } = await takeSnapshot(moving.source.file, path.join(run.scratch, "back"), 0);
  const plans = await planCopy(client, source, moving);
  const tables = await back({ client, helper, source, file, plans, log: run.log });
  const partial = `${out}.partial`;
  await fs.copyFile(file, partial);
  await sync(partial);
  await fs.rename(partial, out);
  await sync(path.dirname(out));
  return {
    pgmoor: "back",
    outcome: "verified",
    file: out,
    rows: tables.reduce((sum, { rows }) => sum + rows, 0),
    tables: tables.map(({ name: table, rows, kept, written, removed }) => ({
      table,
      rows,
      kept,
      written,
      removed,
    })),
    seconds: run.seconds,
  };
}
