import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { publish } from "../base/durable";
import { messageOf, Refused } from "../base/errors";
import { privateFolder, requireSpace } from "../base/folders";

/** What SQLite needs to be whole: the log or the journal may hold what the file does not. The -shm is made anew. */
const companions = ["-wal", "-journal"];
const chunkBytes = 1 << 20;

/** One file of the source. */
interface SourceFile {
  readonly file: string;
  readonly bytes: number;
}

/** A snapshot on the backup volume. */
export interface Snapshot {
  readonly folder: string;
  /** Path of the database file in it. */
  readonly file: string;
  readonly bytes: number;
  /** SHA-256 over the files' names and hashes: equal for sources equal byte for byte. */
  readonly fingerprint: string;
}

/**
 * The file itself: SQLite keeps log and journal beside it, not beside a link to it.
 * @returns `undefined` when there is nothing, or a link to nothing.
 */
async function realFile(source: string): Promise<string | undefined> {
  return fs.realpath(source).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw new Refused(`${source}: ${messageOf(error)}`);
  });
}

/**
 * Whether there is a source.
 * @throws Refused for a link to what cannot be seen from here.
 */
export async function isThere(source: string): Promise<boolean> {
  if ((await realFile(source)) !== undefined) return true;
  const link = await fs.readlink(source).catch(() => undefined);
  if (link === undefined) return false;
  throw new Refused(
    `${source}: a link to ${link}, which does not exist or is not mounted here. Give the path of the file itself, and mount its folder`,
  );
}

/** The files that are there; an empty log says nothing, and its coming and going must not look like a change. */
async function filesOf(source: string): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for (const file of [source, ...companions.map((suffix) => source + suffix)]) {
    // The source is a real path; what a link beside it leads to may be anybody's.
    const found = await fs.lstat(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw new Refused(`${file}: ${messageOf(error)}`);
    });
    if (found === undefined) {
      if (file === source) return [];
      continue;
    }
    if (found.isSymbolicLink())
      throw new Refused(
        `${file}: a symbolic link. SQLite does not create links. Find out who created it, and remove it`,
      );
    if (!found.isFile()) throw new Refused(`${file}: not a file`);
    if (file === source || found.size > 0) files.push({ file, bytes: found.size });
  }
  return files;
}

/**
 * Bytes of the source's files.
 * @throws Refused when there is none.
 */
export async function sizeOf(given: string): Promise<number> {
  const files = (await isThere(given)) ? await filesOf(await fs.realpath(given)) : [];
  if (files.length === 0) throw new Refused(`${given}: no such file`);
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Reads as much of a file as it holds now, however fast it grows; hashes it, and writes it elsewhere if asked. */
export async function digest(file: string, to?: string): Promise<{ hash: string; bytes: number }> {
  const hash = createHash("sha256");
  let bytes = 0;
  // Another may have taken its place since it was looked at: a link is not followed, and a FIFO not waited for.
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const input = await fs.open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: unknown) => {
    throw new Refused(`${file}: ${messageOf(error)}`);
  });
  try {
    const output = to === undefined ? undefined : await fs.open(to, "wx", 0o600);
    try {
      const buffer = Buffer.allocUnsafe(chunkBytes);
      const { size } = await input.stat();
      while (bytes < size) {
        const { bytesRead } = await input.read(buffer, 0, Math.min(chunkBytes, size - bytes), bytes);
        if (bytesRead === 0) break;
        const chunk = buffer.subarray(0, bytesRead);
        hash.update(chunk);
        await output?.writeFile(chunk);
        bytes += bytesRead;
      }
    } finally {
      await output?.close();
    }
  } finally {
    await input.close();
  }
  return { hash: hash.digest("hex"), bytes };
}

/**
 * Of SQLite's header: which journal it keeps, how often the file was written, and by which SQLite. They change with no row.
 * https://www.sqlite.org/fileformat2.html#the_database_header
 */
const idleHeader: readonly (readonly [from: number, to: number])[] = [
  [18, 20],
  [24, 28],
  [92, 100],
];

/**
 * What tells a database from another one, whether its log was merged by us or by somebody who looked into it.
 * @param file a scratch copy with its log merged.
 */
export async function contentOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  let first = true;
  for await (const chunk of createReadStream(file, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>) {
    if (first) for (const [from, to] of idleHeader) chunk.fill(0, from, to);
    first = false;
    hash.update(chunk);
  }
  return hash.digest("hex");
}

function fingerprintOf(hashes: readonly (readonly [string, string])[]): string {
  const all = createHash("sha256");
  for (const [name, hash] of hashes) all.update(`${name} ${hash}\n`);
  return all.digest("hex");
}

/** What tells this source from a changed one; `undefined` when there is no source. Only reads. */
export async function fingerprint(source: string): Promise<string | undefined> {
  const real = await realFile(source);
  const files = real === undefined ? [] : await filesOf(real);
  if (real === undefined || files.length === 0) return undefined;
  const hashes: [string, string][] = [];
  for (const { file } of files) {
    hashes.push([file.slice(real.length), (await digest(file)).hash]);
  }
  return fingerprintOf(hashes);
}

/**
 * Copies the source's files byte for byte into a folder of the attempt's own, hashed before and after.
 * @param given the database file, or a link to it; never opened by SQLite, never written.
 * @param parent folder of all snapshots of this service.
 * @throws Refused when a file changes meanwhile: someone still writes to it.
 */
export async function takeSnapshot(given: string, parent: string, attempt: number): Promise<Snapshot> {
  const source = (await isThere(given)) ? await fs.realpath(given) : given;
  const before = await filesOf(source);
  const total = before.reduce((sum, { bytes }) => sum + bytes, 0);
  if (before.length === 0) throw new Refused(`${source}: no such file`);
  if (before[0]?.bytes === 0) {
    throw new Refused(`${source}: an empty file (0 bytes), not a database. Check the path`);
  }
  return snapshotFolder(parent, attempt, total, async (partial, folder) => {
    const entries: { name: string; bytes: number; sha256Before: string; sha256After: string }[] = [];
    for (const { file } of before) {
      const name = path.basename(file);
      const copied = await digest(file, path.join(partial, name));
      entries.push({ name, bytes: copied.bytes, sha256Before: copied.hash, sha256After: "" });
    }
    // Only after all are copied: a checkpoint moves rows from the log into the file that was copied first.
    const after = await filesOf(source);
    const names = (files: readonly SourceFile[]) => files.map(({ file }) => path.basename(file)).join(", ");
    if (names(after) !== names(before))
      throw changed(source, `before: ${names(before)}; now: ${names(after)}`);
    for (const [index, { file }] of before.entries()) {
      const entry = entries[index];
      if (entry === undefined) continue;
      entry.sha256After = (await digest(file)).hash;
      if (entry.sha256After !== entry.sha256Before) throw changed(source, `${entry.name} has changed`);
    }
    const fingerprint = fingerprintOf(
      entries.map(({ name, sha256After }) => [name.slice(path.basename(source).length), sha256After]),
    );
    await writeManifest(partial, { source, attempt, fingerprint, files: entries });
    return { folder, file: path.join(folder, path.basename(source)), bytes: total, fingerprint };
  });
}

/**
 * Makes the folder of one attempt's snapshot: under another name until it is whole.
 * @param parent folder of all snapshots of this service.
 * @param bytes that will be written.
 * @param fill gets the folder to fill, and the name that it will have.
 * @throws Refused when there is too little room.
 */
export async function snapshotFolder<T>(
  parent: string,
  attempt: number,
  bytes: number,
  fill: (partial: string, folder: string) => Promise<T>,
): Promise<T> {
  await privateFolder(parent);
  await requireSpace(parent, bytes, "for the snapshot");
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const first = path.join(parent, `attempt-${attempt}-${stamp}`);
  let folder = first;
  // Two runs of one attempt may be within a second: one that was killed, and the next.
  for (let again = 2; existsSync(folder); again++) folder = `${first}-${again}`;
  const partial = `${folder}.partial`;
  await fs.rm(partial, { recursive: true, force: true });
  await privateFolder(partial);
  try {
    const snapshot = await fill(partial, folder);
    await publish(partial, folder);
    return snapshot;
  } catch (error) {
    await fs.rm(partial, { recursive: true, force: true });
    throw error;
  }
}

/** Says beside the copies what they are of. */
export async function writeManifest(
  folder: string,
  { source, attempt, ...rest }: { source: string; attempt: number; fingerprint: string; files: unknown },
): Promise<void> {
  const manifest = { source, attempt, taken: new Date().toISOString(), ...rest };
  await fs.writeFile(path.join(folder, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n", {
    mode: 0o600,
  });
}

/** A source was written to while it was copied. */
export class Changed extends Refused {}

export function changed(source: string, how: string): Changed {
  return new Changed(
    `${source} changed while it was copied (${how}): another program writes to it. Stop every program that uses the file`,
  );
}

/**
 * Makes the copy that SQLite may open, from the snapshot.
 * @returns path of the scratch database; the folder is the caller's to remove.
 * @throws Refused when the snapshot is not what was written there.
 */
export async function scratchCopy(snapshot: Snapshot, folder: string): Promise<string> {
  await privateFolder(folder);
  await requireSpace(folder, snapshot.bytes, "for a scratch copy");
  const target = path.join(folder, path.basename(snapshot.file));
  const hashes: [string, string][] = [];
  for (const { file } of await filesOf(snapshot.file)) {
    const suffix = file.slice(snapshot.file.length);
    hashes.push([suffix, (await digest(file, target + suffix)).hash]);
  }
  if (fingerprintOf(hashes) !== snapshot.fingerprint) {
    throw new Refused(
      `${snapshot.folder}: checksum mismatch when it was read back. Check that volume's disk`,
    );
  }
  return target;
}
