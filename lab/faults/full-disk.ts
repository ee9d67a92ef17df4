/** A small file system in memory, in the place of a folder: a disk that is full. */
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Whom PostgreSQL and tasks run as. */
const nobody = "65534";

/** @param size as mount(8) takes it: `200k`, `1m` */
export async function mountSmall(folder: string, size: string): Promise<void> {
  await fs.mkdir(folder, { recursive: true });
  const options = `size=${size},uid=${nobody},gid=${nobody},mode=700`;
  await run("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]);
}

/** What it hid is there again. */
export const unmountSmall = (folder: string) => run("umount", [folder]);

const resize = (folder: string, size: string | number) =>
  run("mount", ["-o", `remount,size=${size}`, folder]);

export const enlarge = (folder: string) => resize(folder, "64m");

/** What Nomad takes for a disk with room for every allocation. Nothing is taken from the machine's memory for it. */
export const allocationsDisk = "64g";

/** Leaves so many bytes free. @returns what takes that back */
export async function fill(folder: string, leaves: number): Promise<() => Promise<unknown>> {
  const { blocks, bfree, bsize } = await fs.statfs(folder);
  await resize(folder, (blocks - bfree) * bsize + leaves);
  return () => resize(folder, allocationsDisk);
}
