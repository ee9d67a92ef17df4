import * as fs from "node:fs/promises";
import * as path from "node:path";
import { Failed, Refused } from "../../base/errors";
import { changed, digest, snapshotFolder, writeManifest } from "../../sqlite/snapshot";
import { requireSpace, privateFolder } from "../../base/folders";
import { entriesOf, fingerprint, isThere, requireStopped, type Entry } from "./data-folder";

/** A data directory in the backup volume, byte for byte. */
export interface DataSnapshot {
  readonly folder: string;
  readonly bytes: number;
  /** As `fingerprint` of the data directory gives it. */
  readonly fingerprint: string;
  readonly files: readonly { readonly name: string; readonly folder: boolean; readonly sha256: string }[];
  /** Who owns the original: its server wants to own what it works on. */
  readonly owner: { readonly uid: number; readonly gid: number };
}

/** In the snapshot's folder, beside the manifest. */
const dataName = "data";

/** A source of gigabytes is read once: whether it has changed since is told by the signatures of its files. */
function difference(before: readonly Entry[], after: readonly Entry[]): string | undefined {
  const known = new Map(before.map(({ name, signature }) => [name, signature]));
  const other = after.find(({ name, signature }) => known.get(name) !== signature);
  if (other !== undefined) return `${other.name} has changed`;
  return after.length === before.length ? undefined : "a file is gone";
}

/**
 * Copies a data directory into a folder of the attempt's own. No server ever sees the original.
 * @param data of a server that was stopped in order; only read.
 * @param parent folder of all snapshots of this service.
 * @throws Refused when a server is at work on it, or anything changes meanwhile.
 */
export async function takeDataSnapshot(data: string, parent: string, attempt: number): Promise<DataSnapshot> {
  if (!(await isThere(data))) throw new Refused(`${data}: there is no PostgreSQL data directory`);
  await requireStopped(data);
  const before = await entriesOf(data);
  const bytes = before.reduce((sum, entry) => sum + entry.bytes, 0);
  const { uid, gid } = await fs.stat(data);
  return snapshotFolder(parent, attempt, bytes, async (partial, folder) => {
    const copy = path.join(partial, dataName);
    await fs.mkdir(copy, { mode: 0o700 });
    const files: { name: string; folder: boolean; bytes: number; sha256: string }[] = [];
    for (const entry of before) {
      const to = path.join(copy, entry.name);
      if (entry.folder) await fs.mkdir(to, { mode: 0o700 });
      const sha256 = entry.folder ? "" : (await digest(path.join(data, entry.name), to)).hash;
      files.push({ name: entry.name, folder: entry.folder, bytes: entry.bytes, sha256 });
    }
    await requireStopped(data);
    const how = difference(before, await entriesOf(data));
    if (how !== undefined) throw changed(data, how);
    const print = await fingerprint(copy);
    if (print === undefined) throw new Failed(`${copy}: the copy is incomplete`);
    await writeManifest(partial, { source: data, attempt, fingerprint: print, files });
    return { folder, bytes, fingerprint: print, files, owner: { uid, gid } };
  });
}

/**
 * Makes the copy that a server may work on, from the snapshot.
 * @param scratch the caller's to remove.
 * @throws Refused when the snapshot is not what was written there.
 */
export async function scratchData(snapshot: DataSnapshot, scratch: string): Promise<void> {
  await fs.rm(scratch, { recursive: true, force: true });
  await privateFolder(scratch);
  await requireSpace(scratch, snapshot.bytes, "for a scratch copy");
  for (const { name, folder, sha256 } of snapshot.files) {
    const to = path.join(scratch, name);
    if (folder) await fs.mkdir(to, { mode: 0o700 });
    else if ((await digest(path.join(snapshot.folder, dataName, name), to)).hash !== sha256) {
      throw new Refused(
        `${snapshot.folder}: checksum mismatch when it was read back. Check that volume's disk`,
      );
    }
  }
}

/**
 * Has the scratch copy take its password and nothing else, whatever the original's rules are, and gives it to the server's
 * user.
 */
export async function openToPassword(scratch: string, { files, owner }: DataSnapshot): Promise<void> {
  // `md5` takes passwords that are kept as SCRAM, too.
  const rules = "pg_hba.conf";
  await fs.writeFile(path.join(scratch, rules), "local all all md5\n", { mode: 0o600 });
  if (process.getuid?.() !== 0) return;
  for (const name of ["", rules, ...files.map((file) => file.name)]) {
    await fs.chown(path.join(scratch, name), owner.uid, owner.gid);
  }
}
