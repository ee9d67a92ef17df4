/**
 * Another file in the place of the app's SQLite file. Each step is one that the disk does whole or not at all, and after each
 * the place holds what it held before or what it is to hold: a kill or a power cut leaves no half of either.
 */
import { createReadStream } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { sync } from "../base/durable";
import { Failed, messageOf, Refused } from "../base/errors";
import { requireSpace } from "../base/folders";
import { digest } from "../sqlite/snapshot";

const purpose = "for the file that replaces the source";

/** What SQLite may have left beside a file. */
const companions = ["-wal", "-journal", "-shm"];

/** The disk, or what its owner may use of it. */
function isFull(error: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException).code ?? "");
}

export class Replacement {
  private constructor(
    /** The file itself, no link to it. */
    private readonly place: string,
    private readonly owner: { readonly uid: number; readonly gid: number; readonly mode: number },
  ) {}

  /**
   * Makes sure that the file can be replaced, by one with its owner and mode. Changes nothing that lasts.
   * @param bytes that the new file will have, more or less.
   * @throws Refused saying what is in the way.
   */
  static async of(source: string, bytes: number): Promise<Replacement> {
    const place = await fs.realpath(source);
    const { uid, gid, mode } = await fs.stat(place);
    const replacement = new Replacement(place, { uid, gid, mode: mode & 0o7777 });
    await replacement.discard();
    // The merged old one and the new one lie beside the old one for a moment.
    await requireSpace(path.dirname(place), 2 * bytes, purpose);
    await replacement.write(replacement.incoming("new"), undefined);
    await replacement.discard();
    return replacement;
  }

  /** Removes what this run, or one that was killed, has put beside the source. */
  async discard(): Promise<void> {
    for (const which of ["new", "merged"] as const) await fs.rm(this.incoming(which), { force: true });
  }

  /**
   * Puts a file beside the source, on disk, with the owner and mode of the source.
   * @param which `merged`: the source with its log brought in. `new`: what takes its place.
   * @param from a file that nobody writes to.
   */
  async prepare(which: "new" | "merged", from: string): Promise<void> {
    await requireSpace(path.dirname(this.place), (await fs.stat(from)).size, purpose);
    await this.write(this.incoming(which), from);
  }

  /**
   * Replaces the source by what was prepared.
   *
   * A log that stays beside another file would be read into it. So the source is replaced by itself with its log brought in
   * first: reading the log into that once more changes nothing. Then the log goes, then the new file comes.
   * @throws Failed when the place holds something else afterwards.
   */
  async swap(): Promise<void> {
    const { place } = this;
    const folder = path.dirname(place);
    const expected = (await digest(this.incoming("new"))).hash;
    if ((await fs.stat(this.incoming("merged")).catch(() => undefined)) !== undefined) {
      await fs.rename(this.incoming("merged"), place);
      await sync(folder);
    }
    for (const suffix of companions) await fs.rm(place + suffix, { force: true });
    await sync(folder);
    await fs.rename(this.incoming("new"), place);
    await sync(folder);
    if ((await digest(place)).hash !== expected)
      throw new Failed(`${place}: checksum mismatch when it was read back. Check that volume's disk`);
  }

  private incoming(which: "new" | "merged"): string {
    return `${this.place}.pgmoor-${which}`;
  }

  /** By its handle: nobody can have it give another file to the owner. */
  private async write(file: string, from: string | undefined): Promise<void> {
    const { uid, gid, mode } = this.owner;
    try {
      const handle = await fs.open(file, "wx", 0o600);
      try {
        if (from !== undefined)
          for await (const chunk of createReadStream(from)) await handle.writeFile(chunk as Buffer);
        await handle.chown(uid, gid);
        await handle.chmod(mode);
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (isFull(error))
        throw new Refused(
          `${file}: ${messageOf(error)}. Free disk space in the source's volume, and deploy again`,
        );
      throw new Refused(
        `${file}: ${messageOf(error)}. The migrator writes the new file beside the old one, and gives it the owner and mode of the old one (user ${uid}, group ${gid}): run it as root or as that user (migrator.program.user), and mount the source's volume for writing`,
      );
    }
  }
}
