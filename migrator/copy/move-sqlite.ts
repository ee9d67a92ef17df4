import { Refused } from "../base/errors";
import { recordContent, recordSnapshot } from "../ledger/ledger";
import { migrationsOf, recordMigrations } from "../ledger/rollback";
import { countUses } from "../ledger/table-uses";
import { leftAfter, recordCounts } from "../moves/after-copy";
import type { Moved, Moving } from "../moves/source";
import { contentOf, fingerprint, scratchCopy, takeSnapshot } from "../sqlite/snapshot";
import { SqliteDatabase } from "../sqlite/sqlite-database";
import { copy, type HeldPolicy } from "./copy";
import { planCopy, type CopyRules } from "./copy-plan";
import { leftOutOf } from "./left-out";
import { EarlySamples } from "./proof/early-samples";
import type { Extent } from "./proof/extent";

export interface SqliteMove {
  readonly file: string;
  readonly declared: CopyRules;
  /** How much of large tables the proof compares. */
  readonly extent: Extent;
  /** What may become of rows that the app's tables hold. */
  readonly held: HeldPolicy;
  /** Has the app build its schema, once the source is safe. */
  readonly buildSchema: () => Promise<void>;
}

/** One attempt, once it is in the ledger: snapshot, schema, copy, proof, record. Ends the target's session. */
export async function moveSqlite(
  { run, target: client, attempt, snapshots }: Moving,
  { file, declared, extent, held, buildSchema }: SqliteMove,
): Promise<Moved> {
  const snapshot = await takeSnapshot(file, snapshots, attempt);
  await recordSnapshot(client, attempt, snapshot);
  run.log(`snapshot of ${snapshot.bytes} bytes in ${snapshot.folder}`);
  const scratch = await scratchCopy(snapshot, run.scratch);
  const source = SqliteDatabase.open(scratch, file, run.scratch);
  await recordContent(client, attempt, await contentOf(scratch));
  const early = new EarlySamples(source, extent);
  await early.during(buildSchema());
  await run.requireAlone(client);
  const plans = await planCopy(client, source, declared);
  const helper = await run.session();
  const before = await countUses(helper, "lasting");
  const copied = await copy({
    client,
    helper,
    proofHelper: await run.session(),
    source,
    plans,
    rules: declared.rules,
    leftOut: await leftOutOf(helper, source, plans, declared),
    extent,
    early,
    attempt,
    held,
    requireSameSource: () => requireSameSource(file, snapshot.fingerprint),
    committing: () => (run.left = leftAfter.committing),
    log: run.log,
  });
  run.left = leftAfter.committed;
  await client.end();
  const least = plans.map(({ target: { schema, name, partitioned } }): [string, number] => {
    const known = (before[`${schema}.${name}`] ?? 0) + (copied.tables[name]?.rows ?? 0);
    // Each table was filled once and read back once; a partitioned one may have no partition to be read.
    return [`${schema}.${name}`, known + (partitioned ? 0 : 1)];
  });
  await recordCounts(run, helper, attempt, new Map(least));
  await recordMigrations(helper, attempt, await migrationsOf(helper, declared.migrationTables));
  return { ...copied, snapshot: snapshot.folder };
}

async function requireSameSource(file: string, copied: string): Promise<void> {
  if ((await fingerprint(file)) === copied) return;
  throw new Refused(
    `${file} changed after its snapshot was taken: another program writes to it. Stop every program that uses the file, and try again`,
  );
}
