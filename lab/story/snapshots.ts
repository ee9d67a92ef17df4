import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { LabService } from "../deployment";
import type { Lab } from "../servers/lab";

/** The folder of the newest snapshot of a service. */
export async function lastSnapshot(lab: Lab, { name }: LabService): Promise<string> {
  const all = path.join(lab.volumes.snapshots!, name);
  const attempts = (await fs.readdir(all)).filter((entry) => entry.startsWith("attempt-")).sort();
  return path.join(all, attempts.at(-1)!);
}

/** Size and SHA-256 of a file; of one that is not there, those of an empty one. */
export async function digest(file: string): Promise<{ sha256: string; bytes: number }> {
  const content = await fs.readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  });
  return { sha256: createHash("sha256").update(content).digest("hex"), bytes: content.length };
}
