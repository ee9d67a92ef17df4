/** Whether the two sides still hold what the ledger has of a copy: by what they hold, not by their bytes or counters. */
import type { Client } from "pg";
import { planCopy, type CopyRules } from "../copy/copy-plan";
import { checksumOfTarget } from "../copy/verify";
import { Refused } from "../base/errors";
import type { Attempt, TableRecord } from "../ledger/ledger";
import { countUses, usesAfterCopy } from "../ledger/table-uses";
import { tablesOf } from "../postgres/catalog";
import { shortName } from "../postgres/copy-database";
import { sumOf } from "../postgres/proof";
import type { Run } from "../server/run";
import { targetTables } from "../server/target";
import { contentOf } from "../sqlite/snapshot";
import { openCopy } from "./open-copy";
import { fingerprint, reachOf, type Source } from "./source";

/**
 * Whether the source is as it was copied. SQLite may have put its log into the file since, as the mere look of another program
 * makes it do: the bytes are others then, and every row is the same.
 * @param last with a fingerprint.
 */
export async function sourceIsAsCopied(run: Run, source: Source, last: Attempt): Promise<boolean> {
  if ((await fingerprint(source)) === last.fingerprint) return true;
  if (source.kind !== "sqlite" || last.content === null) return false;
  try {
    const copy = await openCopy(run, source.file);
    copy.source.close();
    return (await contentOf(copy.file)) === last.content;
  } catch (error) {
    // What cannot be read is another one.
    if (error instanceof Refused) return false;
    throw error;
  }
}

/**
 * Whether the app's tables are as they were copied, and so hold nothing that the source has not. A schema that has changed since
 * is another one.
 */
export async function targetIsAsCopied(
  run: Run,
  moving: CopyRules & { readonly source: Source },
  recorded: NonNullable<Attempt["tables"]>,
): Promise<boolean> {
  const looker = await run.session();
  const reach = reachOf(moving.source);
  const before = await countUses(looker, "lasting");
  const looked = new Set<string>();
  let same: boolean;
  try {
    same =
      moving.source.kind === "sqlite"
        ? await rowsAre(run, looker, { ...moving, file: moving.source.file }, recorded, looked)
        : await databaseIs(looker, recorded, looked);
  } finally {
    await looker.end();
  }
  // `confirm` is not to take this look for the app's.
  const asking = await run.session();
  const tables = (await targetTables(asking, reach)).filter(
    ({ name, partitioned }) => name in recorded && !partitioned,
  );
  const seen = tables.map(({ schema, name }): [string, number] => [
    `${schema}.${name}`,
    (before[`${schema}.${name}`] ?? 0) + (same ? 1 : 0),
  ]);
  await usesAfterCopy(asking, new Map(seen), run.deadline);
  return same;
}

async function rowsAre(
  run: Run,
  client: Client,
  moving: CopyRules & { readonly file: string },
  recorded: Readonly<Record<string, TableRecord>>,
  looked: Set<string>,
): Promise<boolean> {
  const { source } = await openCopy(run, moving.file);
  try {
    const plans = await planCopy(client, source, moving);
    if (plans.length !== Object.keys(recorded).length) return false;
    for (const plan of plans) {
      looked.add(plan.target.qualified);
      const found = await checksumOfTarget(client, plan);
      const expected = recorded[plan.target.name];
      if (found.rows !== expected?.rows || found.toString() !== expected.checksum) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  } finally {
    source.close();
  }
}

async function databaseIs(
  client: Client,
  recorded: Readonly<Record<string, TableRecord>>,
  looked: Set<string>,
): Promise<boolean> {
  const tables = await tablesOf(client);
  if (tables.length !== Object.keys(recorded).length) return false;
  for (const table of tables) {
    looked.add(table.qualified);
    const found = await sumOf(client, table);
    const expected = recorded[shortName(table)];
    if (found.rows !== expected?.rows || found.checksum !== expected.checksum) return false;
  }
  return true;
}
