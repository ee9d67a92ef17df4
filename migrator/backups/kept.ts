/** Which backups are kept, and the WAL that goes with them. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { BackupConfig } from "./config";
import type { Repository, Snapshot } from "./repository";
import { isBefore } from "./wal-folder";

/** Tags of the repository's snapshots. */
export const backupTag = "backup";
export const walTag = "wal";

/** What a backup's snapshot says of it, without reading it. */
export interface Marks {
  readonly id: string;
  readonly reachableFrom: string;
  readonly wal: { readonly folder: string; readonly start: string };
}

export function tagsOf({ id, reachableFrom, wal }: Marks): string[] {
  return [backupTag, `id:${id}`, `from:${reachableFrom}`, `wal:${wal.folder}/${wal.start}`];
}

/** @returns undefined for a snapshot that is none of ours */
export function marksOf({ tags }: Pick<Snapshot, "tags">): Marks | undefined {
  const tag = (name: string) => tags.find((one) => one.startsWith(`${name}:`))?.slice(name.length + 1);
  const [id, reachableFrom, wal] = [tag("id"), tag("from"), tag("wal")?.split("/")];
  const [folder, start] = wal ?? [];
  if (id === undefined || reachableFrom === undefined || folder === undefined || start === undefined)
    return undefined;
  return { id, reachableFrom, wal: { folder, start } };
}

/**
 * restic's words for the policy. The newest backup is always kept.
 * Source: https://restic.readthedocs.io/en/stable/060_forget.html#removing-snapshots-according-to-a-policy
 */
export function policyOf({ daily, weekly, monthly }: BackupConfig["keep"]): string[] {
  return [
    "--keep-last=1",
    `--keep-daily=${daily}`,
    ...(weekly > 0 ? [`--keep-weekly=${weekly}`] : []),
    ...(monthly > 0 ? [`--keep-monthly=${monthly}`] : []),
  ];
}

/** Applies the policy. Only ever after a new backup has been stored. */
export async function forgetOld(repository: Repository, keep: BackupConfig["keep"]): Promise<void> {
  await forgetOldWal(repository);
  await repository.keep(backupTag, policyOf(keep), true);
}

/** The newest copy has all of the WAL; one before it is for a restore that is under way. */
export async function forgetOldWal(repository: Repository): Promise<void> {
  await repository.keep(walTag, ["--keep-last=2"], false);
}

/** Removes received WAL that no backup of the last days needs. @param now of the clock */
export async function removeOldWal(
  folder: string,
  backups: readonly Snapshot[],
  keep: BackupConfig["keep"],
  now: Date,
): Promise<void> {
  const since = now.getTime() - keep.pointInTimeDays * 86_400_000;
  const marks = backups.flatMap((snapshot) => marksOf(snapshot) ?? []);
  // One older than that is where the first of these days begins.
  const older = marks.filter(({ reachableFrom }) => Date.parse(reachableFrom) < since);
  const needed = [...older.slice(-1), ...marks.filter((one) => !older.includes(one))];
  if (needed.length === 0) return;
  for (const entry of await fs.readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const starts = needed.filter(({ wal }) => wal.folder === entry.name).map(({ wal }) => wal.start);
    if (starts.length > 0) await removeBefore(path.join(folder, entry.name), starts.sort()[0]!);
    // A history that was left, and that no backup of these days belongs to.
    else if (isBefore(entry.name, marks.at(-1)!.wal.folder))
      await fs.rm(path.join(folder, entry.name), { recursive: true, force: true });
  }
}

/** The names of WAL files sort as their positions do, within a timeline. */
async function removeBefore(folder: string, first: string): Promise<void> {
  for (const name of await fs.readdir(folder))
    if (/^[0-9A-F]{24}$/.test(name) && name.slice(8) < first.slice(8)) await fs.rm(path.join(folder, name));
}
