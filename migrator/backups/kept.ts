/** Which backups are kept, and the WAL that goes with them. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { BackupConfig } from "./config";
import type { Repository, Snapshot } from "./repository";
import { isBefore, systemOf } from "./wal-folder";

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

/** The policy applies to the backups of each server by itself: a new one must not push out those of a server that was lost. */
export function groupOf({ wal }: Pick<Marks, "wal">): string {
  return `pgmoor-${systemOf(wal.folder)}`;
}

/** All of the WAL is in one folder, that of several servers, too. */
export const walGroup = "pgmoor-wal";

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

/**
 * Applies the policy. Only ever after a new backup has been stored: that one stays even if a clock was wrong and it seems to be the
 * older one of its day.
 * @returns the backups that are left
 */
export function forgetOld(
  repository: Repository,
  { id }: Pick<Marks, "id">,
  keep: BackupConfig["keep"],
): Promise<Snapshot[]> {
  return repository.keep(backupTag, [...policyOf(keep), `--keep-tag=id:${id}`], true);
}

/** The newest copy has all of the WAL; one before it is for a restore that is under way. */
export async function forgetOldWal(repository: Repository): Promise<void> {
  await repository.keep(walTag, ["--keep-last=2"], false);
}

/**
 * Removes received WAL that no backup of the last days needs. That of another server than the one that was backed up last stays:
 * it leads to the last moment before that one was lost.
 * @param now of the clock
 */
export async function removeOldWal(
  folder: string,
  backups: readonly Snapshot[],
  keep: BackupConfig["keep"],
  now: Date,
): Promise<void> {
  const since = now.getTime() - keep.pointInTimeDays * 86_400_000;
  const known = backups.flatMap((snapshot) => marksOf(snapshot) ?? []);
  const current = known.at(-1);
  if (current === undefined) return;
  const system = systemOf(current.wal.folder);
  const marks = known.filter(({ wal }) => systemOf(wal.folder) === system);
  // One older than that is where the first of these days begins.
  const older = marks.filter(({ reachableFrom }) => Date.parse(reachableFrom) < since);
  const needed = [...older.slice(-1), ...marks.filter((one) => !older.includes(one))];
  for (const entry of await fs.readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const starts = needed.filter(({ wal }) => wal.folder === entry.name).map(({ wal }) => wal.start);
    if (starts.length > 0) await removeBefore(path.join(folder, entry.name), starts.sort()[0]!);
    // A history that was left, and that no backup of these days belongs to.
    else if (isBefore(entry.name, current.wal.folder))
      await fs.rm(path.join(folder, entry.name), { recursive: true, force: true });
  }
}

/** The names of WAL files sort as their positions do, within a timeline. */
async function removeBefore(folder: string, first: string): Promise<void> {
  for (const name of await fs.readdir(folder))
    if (/^[0-9A-F]{24}$/.test(name) && name.slice(8) < first.slice(8)) await fs.rm(path.join(folder, name));
}
