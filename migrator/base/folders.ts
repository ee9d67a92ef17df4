import * as fs from "node:fs/promises";
import { Refused, messageOf } from "./errors";

/** Free space that is left alone, in bytes. */
const reserve = 32 << 20;

/** Makes a folder only we may read, with everything above it that is missing. */
export async function privateFolder(folder: string): Promise<void> {
  try {
    await fs.mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Refused(`cannot make ${folder}: ${messageOf(error)}. The backup volume must be writable`);
  }
}

/** @throws Refused when the folder's file system has too little room for so many bytes. */
export async function requireSpace(folder: string, bytes: number, purpose: string): Promise<void> {
  const { bavail, bsize } = await fs.statfs(folder);
  const free = bavail * bsize;
  if (free >= bytes + reserve) return;
  const mib = (count: number) => `${Math.ceil(count / (1 << 20))} MiB`;
  throw new Refused(
    `${folder}: ${mib(free)} free, ${mib(bytes + reserve)} needed ${purpose}. Free disk space there`,
  );
}
