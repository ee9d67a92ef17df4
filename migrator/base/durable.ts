import * as fs from "node:fs/promises";
import * as path from "node:path";

/** Has the disk hold what is written to a file, or which names a folder has. */
export async function sync(file: string): Promise<void> {
  const handle = await fs.open(file, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Gives a finished folder its name, so that a power cut leaves all of it under that name or nothing: what the backup volume
 * holds has to be there before the rows it is a copy of are replaced.
 * @param folder beside it; not there yet.
 */
export async function publish(partial: string, folder: string): Promise<void> {
  // Side by side, a few at a time: a data directory has more than a thousand files, and the disk takes them together.
  const names = (await fs.readdir(partial, { recursive: true })).values();
  const some = async () => {
    for (const name of names) await sync(path.join(partial, name));
  };
  await Promise.all(Array.from({ length: 8 }, some));
  await sync(partial);
  await fs.rename(partial, folder);
  await sync(path.dirname(folder));
}
