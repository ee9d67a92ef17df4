/**
 * A file in the snapshots' folder: the ledger has said that the service is on its source. So a start of the job needs no
 * server. It is removed before the ledger says `confirmed`.
 */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { sync } from "../base/durable";
import { messageOf, Refused } from "../base/errors";
import { privateFolder } from "../base/folders";

const markerOf = (snapshots: string) => path.join(snapshots, "on-source");

export async function isOnSource(snapshots: string): Promise<boolean> {
  return (await fs.stat(markerOf(snapshots)).catch(() => undefined)) !== undefined;
}

export async function markOnSource(snapshots: string): Promise<void> {
  await privateFolder(snapshots);
  await fs.writeFile(markerOf(snapshots), "", { mode: 0o600 });
  await sync(snapshots);
}

/** @throws Refused when it is there and cannot be removed: a later start would take the source for the one in use. */
export async function unmarkOnSource(snapshots: string): Promise<void> {
  try {
    await fs.rm(markerOf(snapshots));
    await sync(snapshots);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw new Refused(
      `${markerOf(snapshots)}: ${messageOf(error)}. This file says that the service is on its source, and pgmoor must remove it. The backup volume must be writable`,
    );
  }
}
