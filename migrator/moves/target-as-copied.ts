import type { Attempt } from "../ledger/ledger";
import { countUses, usesAfterCopy } from "../ledger/table-uses";
import type { Run } from "../server/run";
import { targetTables } from "../server/target";
import type { Source } from "./source";

/**
 * Whether the app's tables are as they were copied, and so hold nothing that the source has not. A schema that has changed since
 * is another one.
 */
export async function targetIsAsCopied(
  run: Run,
  source: Source,
  recorded: NonNullable<Attempt["tables"]>,
): Promise<boolean> {
  const looker = await run.session();
  const before = await countUses(looker, "lasting");
  let same: boolean;
  try {
    same = await source.targetIsAsCopied(run, looker, recorded);
  } finally {
    await looker.end();
  }
  // `confirm` is not to take this look for the app's.
  const asking = await run.session();
  const tables = (await targetTables(asking, source.reach)).filter(
    ({ name, partitioned }) => name in recorded && !partitioned,
  );
  const seen = tables.map(({ schema, name }): [string, number] => [
    `${schema}.${name}`,
    (before[`${schema}.${name}`] ?? 0) + (same ? 1 : 0),
  ]);
  await usesAfterCopy(asking, new Map(seen), run.deadline);
  return same;
}
