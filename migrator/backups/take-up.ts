/** A volume that is new has none of the WAL that was received before, and the repository may be the only place that has it. */
import * as fs from "node:fs/promises";
import type { Backing } from "./backup";
import { walTag } from "./kept";

/**
 * Fetches the newest copy of the WAL where there is no folder for it: the next copy into the repository then has it, too. Otherwise
 * the WAL of a server that was lost would be forgotten there within minutes.
 * @param wal the folder for the WAL
 */
export async function takeUpWal(
  { repository, log }: Pick<Backing, "repository" | "log">,
  wal: string,
): Promise<void> {
  if ((await fs.stat(wal).catch(() => undefined)) !== undefined) return;
  await repository.ensure();
  const newest = (await repository.list(walTag)).at(-1);
  const fetched = `${wal}.fetching`;
  // All of it or nothing: a part would look like a folder that is in use.
  await fs.rm(fetched, { recursive: true, force: true });
  await fs.mkdir(fetched, { recursive: true, mode: 0o700 });
  if (newest !== undefined) {
    log(`the volume has no WAL: fetching what the repository has, of ${newest.time.toISOString()}`);
    await repository.restore(newest.id, fetched);
  }
  await fs.rename(fetched, wal);
}
