/** Data directories from the repository: the base backup, and the WAL that leads to the wanted point. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { Failed, Refused } from "../base/errors";
import { literal } from "../base/quoting";
import type { Backing } from "./backup";
import { verifyBase } from "./base";
import type { Chosen } from "./choose";
import { walTag, type Marks } from "./kept";

/** Where the server's task finds the restored WAL. */
export interface Recovery {
  /** There is none yet. */
  readonly data: string;
  /** For the WAL. */
  readonly folder: string;
}

/** `base`: to where the base backup itself is consistent. `latest`: as far as the WAL goes. Or a time, ISO 8601. */
export type RecoverTo = "base" | "latest" | { readonly time: string };

/**
 * Makes a data directory that the server recovers to the wanted time when it starts, or as far as the WAL goes.
 */
export async function fetchData(
  { repository, log, stop }: Backing,
  { snapshot, marks }: Chosen,
  { data, folder }: Recovery,
  to: RecoverTo,
): Promise<void> {
  const whole = `${folder}/whole`;
  log(`fetching the base backup of ${marks.id}`);
  await repository.restore(snapshot.id, whole, "base");
  await verifyBase(path.join(whole, "base"), stop);
  await move(path.join(whole, "base"), data);
  await fs.chmod(data, 0o700);
  if (to === "base") return;
  const wal = await fetchWal({ repository, log }, marks, folder);
  await requireNoGap(wal, marks.wal.start);
  await fs.appendFile(path.join(data, "postgresql.auto.conf"), recoverySettings(wal, to));
  await fs.writeFile(path.join(data, "recovery.signal"), "");
}

/** The newest copy of the WAL has all that was received into the folder. */
async function fetchWal(
  { repository, log }: Pick<Backing, "repository" | "log">,
  { wal }: Marks,
  folder: string,
): Promise<string> {
  const newest = (await repository.list(walTag)).at(-1);
  const into = path.join(folder, "wal");
  await fs.mkdir(into, { recursive: true, mode: 0o755 });
  if (newest === undefined) {
    log("no WAL is in the repository: only what the base backup holds");
    return into;
  }
  log(`fetching the WAL as it was at ${newest.time.toISOString()}`);
  await repository.restore(newest.id, into, wal.folder);
  const restored = path.join(into, wal.folder);
  if ((await fs.stat(restored).catch(() => undefined)) === undefined)
    throw new Refused(
      `the newest WAL in the repository no longer has that of this backup (${wal.folder}). Restore it without a time`,
    );
  // The server's task may run as another user.
  for (const entry of [restored, ...(await fs.readdir(restored)).map((name) => path.join(restored, name))])
    await fs.chmod(entry, (await fs.stat(entry)).isDirectory() ? 0o755 : 0o644);
  return restored;
}

/** What is there of a timeline's WAL must be there without a gap. @throws Refused naming it */
export async function requireNoGap(folder: string, start: string): Promise<void> {
  const timeline = start.slice(0, 8);
  const names = (await fs.readdir(folder))
    .map((name) => name.replace(/\.partial$/, ""))
    .filter((name) => /^[0-9A-F]{24}$/.test(name) && name.startsWith(timeline) && name >= start)
    .sort();
  let expected = positionOf(start);
  for (const name of names) {
    if (positionOf(name) !== expected)
      throw new Refused(
        `WAL is missing: ${nameAt(timeline, expected)} to before ${name}. A restore can go no further than to there. Choose a backup that is newer than the gap, or a restore without a time`,
      );
    expected += 1n;
  }
}

/** A file of 16 MB: 256 of them have one middle part. */
const perPart = 256n;

function positionOf(name: string): bigint {
  return BigInt(`0x${name.slice(8, 16)}`) * perPart + BigInt(`0x${name.slice(16)}`);
}

function nameAt(timeline: string, position: bigint): string {
  const hex = (value: bigint) => value.toString(16).toUpperCase().padStart(8, "0");
  return `${timeline}${hex(position / perPart)}${hex(position % perPart)}`;
}

/** Names of what `recoverySettings` sets, to be reset afterwards. */
export const recoveryNames = ["restore_command", "recovery_target_time", "recovery_target_action"] as const;

function recoverySettings(wal: string, to: Exclude<RecoverTo, "base">): string {
  // The file that was being received when it was copied has another name. The shell gets no word of ours but the folder.
  const quotedFolder = `"${wal}"`;
  const command = `cp ${quotedFolder}/%f "%p" || cp ${quotedFolder}/%f.partial "%p"`;
  const lines = [
    `restore_command = ${literal(command)}`,
    "recovery_target_action = 'promote'",
    ...(to === "latest" ? [] : [`recovery_target_time = ${literal(serverTime(to.time))}`]),
  ];
  return `\n${lines.join("\n")}\n`;
}

/** With the zone in numbers: a server that is starting does not know any by name yet, not even Z. */
function serverTime(iso: string): string {
  return new Date(iso).toISOString().replace("T", " ").replace("Z", "+00");
}

/** The two may be on different file systems. */
async function move(from: string, to: string): Promise<void> {
  try {
    await fs.rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw new Failed((error as Error).message);
    await fs.cp(from, to, { recursive: true, preserveTimestamps: true });
    await fs.rm(from, { recursive: true });
  }
}
