import type { Client } from "pg";
import { copyDatabase, shortName } from "../copy-database";
import { Definitions } from "../dump";
import { requireFit, requireVersions } from "../fit";
import { afterCopy } from "../after-copy";
import { schemasOf } from "../owned";
import { recordSnapshot, type Copied } from "../../ledger/ledger";
import { leftAfter } from "../../moves/after-copy";
import type { Moved, Moving } from "../../moves/source";
import type { Run } from "../../server/run";
import { takeDump } from "./dump-snapshot";
import type { RunningServer } from "./running-server";

/**
 * That a copy can be made: looks at both sides, and has nobody write to the source from here on. Changes nothing.
 * @throws Refused saying what stands in the way.
 */
export async function requireReady(run: Run, source: RunningServer, target: Client): Promise<void> {
  const { client, major } = await source.locked();
  await requireVersions(run, major, target);
  await requireFit(run, client, target);
}

/**
 * One attempt to move a running server's database, once it is in the ledger.
 * @throws Refused or Failed; nothing is changed then unless `left` says so.
 */
export async function moveRunning(
  source: RunningServer,
  { run, target, snapshots, attempt, rescue }: Moving,
): Promise<Moved> {
  const snapshot = await takeDump(run, source, snapshots, attempt);
  await recordSnapshot(target, attempt, snapshot);
  run.log(`snapshot of ${snapshot.bytes} bytes in ${snapshot.folder}`);
  await run.requireAlone(target);
  const { origin, sums } = await source.content();
  const copied = await copyDatabase({
    source: origin,
    target,
    // What was kept is what is restored.
    definitions: new Definitions(run, snapshot.file),
    sums,
    attempt,
    rescue,
    finished: () => source.requireNobody(),
    committing: () => (run.left = leftAfter.committing),
    log: run.log,
  });
  await source.release();
  return afterCopy(run, target, attempt, copied, snapshot.folder);
}

/**
 * Reads everything and writes nothing, neither rows nor ledger nor snapshot. What only a write would show, it cannot tell:
 * definitions that the target does not take.
 * @throws Refused naming what does not fit.
 */
export async function dryRunRunning(source: RunningServer, { run, target }: Moving): Promise<Copied> {
  await requireReady(run, source, target);
  const { client, snapshot } = await source.locked();
  const { origin, tables } = await source.content();
  const definitions = await Definitions.of(run, source.server, snapshot);
  await definitions.restore(await schemasOf(target), origin.schemas, origin.searchPath);
  const size = await client.query<{ bytes: number }>(
    "SELECT coalesce(sum(pg_table_size(name::regclass)), 0)::float8 AS bytes FROM unnest($1::text[]) name",
    [[...tables.keys()].map(({ qualified }) => qualified)],
  );
  const records = [...tables];
  return {
    rows: records.reduce((sum, [, { rows }]) => sum + rows, 0),
    bytes: size.rows[0]!.bytes,
    roundedFractions: 0,
    rules: [],
    notes: {},
    tables: Object.fromEntries(records.map(([table, record]) => [shortName(table), record])),
  };
}
