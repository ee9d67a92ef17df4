/** What the app's tables hold, kept before a copy replaces it: what the app wrote here is nowhere else. */
import * as fs from "node:fs";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { Client } from "pg";
import { to as copyTo } from "pg-copy-streams";
import { publish } from "../base/durable";
import { Failed, messageOf } from "../base/errors";
import { cutOff } from "../server/connection";
import { privateFolder } from "../base/folders";
import { targetTables, type Reach } from "../server/target";

/** Which rows are kept, and where. */
export interface RescuePlan {
  /** Folder of the backup volume. */
  readonly snapshots: string;
  /** Whose rows these are; 0 for rows of before the first. */
  readonly attempt: number;
  /** Which tables. */
  readonly reach: Reach;
}

/**
 * A dump of every table of the app's, as compressed CSV with a header, in the folder `rescued-attempt-N`. It belongs to one
 * transaction: taken under its locks, so that nobody writes between the dump and what replaces the rows, named before its
 * commit, and taken back with it.
 */
export class Rescue {
  /** Once it is taken. */
  folder: string | undefined;
  private partial: string | undefined;
  private isPublished = false;

  /**
   * Dumps in the caller's transaction, whose locks keep everybody else away.
   * @throws Failed when the folder cannot be written, as when its disk is full. The session is cut off then.
   */
  async take(client: Client, { snapshots, attempt, reach }: RescuePlan): Promise<void> {
    await privateFolder(snapshots);
    let folder = path.join(snapshots, `rescued-attempt-${attempt}`);
    for (let again = 2; fs.existsSync(folder); again++)
      folder = path.join(snapshots, `rescued-attempt-${attempt}-${again}`);
    this.folder = folder;
    this.partial = `${folder}.partial`;
    fs.rmSync(this.partial, { recursive: true, force: true });
    await privateFolder(this.partial);
    for (const { schema, name, ownRows } of await targetTables(client, reach))
      await this.dump(client, fileOf(this.partial, `${schema}.${name}`), ownRows);
  }

  private async dump(client: Client, file: string, ownRows: string): Promise<void> {
    const rows = copyTo(`COPY (SELECT * FROM ${ownRows}) TO STDOUT WITH (FORMAT csv, HEADER)`);
    const kept = fs.createWriteStream(file, { mode: 0o600, flags: "wx" });
    try {
      await pipeline(client.query(rows), createGzip(), kept);
    } catch (error) {
      // The server goes on sending what nobody reads: nothing else would come through this session.
      cutOff(client);
      throw new Failed(
        `cannot dump the app's tables into ${path.dirname(path.dirname(file))}: ${messageOf(error)}. Free disk space there`,
      );
    }
  }

  /** Gives it its name, on disk: to be done before the commit that replaces the rows. */
  async publish(): Promise<void> {
    if (this.partial === undefined || this.folder === undefined) return;
    await publish(this.partial, this.folder);
    this.isPublished = true;
  }

  /**
   * Takes back what no one needs.
   * @param rolledBack whether the rows are still in the database for sure.
   */
  discard(rolledBack: boolean): void {
    if (this.partial !== undefined) fs.rmSync(this.partial, { recursive: true, force: true });
    if (rolledBack && this.isPublished) fs.rmSync(this.folder!, { recursive: true, force: true });
  }
}

function fileOf(folder: string, table: string): string {
  const safe = table.replaceAll(/[^\w.-]/g, (character) => encodeURIComponent(character).replace("/", "_"));
  return path.join(folder, `${safe}.csv.gz`);
}

/** Says where rows are kept, for a person. */
export const rescuedText = (folder: string) =>
  `the rows that the app's tables had before are kept in ${folder}. Look there for missing rows`;
