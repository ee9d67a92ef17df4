/** The server's rows, into the app's SQLite file. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Client } from "pg";
import { writeBack } from "../back/bring-back";
import { Refused } from "../base/errors";
import type { CopyRules } from "../copy/copy-plan";
import { openCopy } from "../copy/open-copy";
import { SqliteFile } from "../copy/sqlite-file";
import type { Attempt } from "../ledger/ledger";
import { migrationsOf, recordRollback, recordRollingBack, upgradedSince } from "../ledger/rollback";
import type { Run } from "../server/run";
import { contentOf, fingerprint, takeSnapshot } from "../sqlite/snapshot";
import { Replacement } from "./replacement";

export interface CopyBack {
  readonly file: string;
  readonly declared: CopyRules;
  /** Folder of the backup volume. */
  readonly snapshots: string;
}

/** In the snapshots' folder: the files that rollbacks have replaced. */
export const keptFolder = "before-rollback";

/**
 * Puts a file that holds what the server holds in the place of the app's, and writes `rolling-back`. The old file is kept.
 * @param client the session that holds the lock.
 * @returns how many rows the new file has.
 * @throws Refused or Failed. The server is as before then, and the source holds what it held or what the server holds.
 */
export async function copyBack(
  run: Run,
  client: Client,
  last: Attempt,
  { file, declared, snapshots }: CopyBack,
): Promise<number> {
  await requireOurs(run, file, declared, last);
  await requireSameRelease(client, declared, last);
  await run.requireAlone(client);

  const kept = await takeSnapshot(file, path.join(snapshots, keptFolder), last.attempt);
  run.log(`the source is kept in ${kept.folder}`);
  const replacement = await Replacement.of(file, kept.bytes);
  try {
    const back = await writeBack(run, client, kept.file, declared);
    await replacement.prepare("new", back.file);
    if (await hasLog(kept.file)) {
      const merged = await openCopy(run, kept.file);
      merged.source.close();
      await replacement.prepare("merged", merged.file);
    }
    await run.requireAlone(client);
    const contents = [...(last.rollback?.contents ?? []), await contentOf(back.file)];
    await recordRollback(client, last.attempt, { kind: "copy-back", contents, kept: kept.folder });
    await requireUntouched(file, kept.fingerprint);
    run.left = "the source has either its old rows or the server's rows; the server is unchanged";
    await replacement.swap();
    await recordRollingBack(client, last.attempt);
    return back.rows;
  } finally {
    await replacement.discard();
  }
}

/** Whether rows may be beside the file, in a log or a journal. */
async function hasLog(file: string): Promise<boolean> {
  const beside = await Promise.all(
    ["-wal", "-journal"].map((suffix) => fs.stat(file + suffix).catch(() => undefined)),
  );
  return beside.some((found) => found !== undefined);
}

/** @throws Refused when somebody has written to the source since it was copied: then both sides have rows of their own. */
async function requireOurs(run: Run, file: string, declared: CopyRules, last: Attempt): Promise<void> {
  const source = new SqliteFile(file, declared, "sample");
  if (!(await source.isThere()))
    throw new Refused(
      `${file}: no such file. Restore the source's volume, or restore the file from ${last.snapshot}`,
    );
  if (await source.isAsCopied(run, last)) return;
  throw new Refused(
    `${file} has changed since it was copied to the server, and the server may have other changes. To keep the server's rows, restore the file that was copied (it is in ${last.snapshot}), and deploy again. To keep the source's rows, set rollback: "discard"`,
  );
}

async function requireSameRelease(client: Client, declared: CopyRules, last: Attempt): Promise<void> {
  const upgraded = upgradedSince(last.migrations, await migrationsOf(client, declared.migrationTables));
  if (upgraded.length === 0) return;
  throw new Refused(
    `the app was upgraded on the server since its move: ${upgraded.join(", ")} records other schema migrations now. The server's rows do not fit into a file with the older schema. Move the app back with its own tools, or set rollback: "discard"`,
  );
}

/** @throws Refused when the source is another than the one that is kept: somebody writes to it while the app is stopped. */
async function requireUntouched(file: string, kept: string): Promise<void> {
  if ((await fingerprint(file)) === kept) return;
  throw new Refused(
    `${file} changed while it was being replaced: another program writes to it. Stop that program, and deploy again`,
  );
}
