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
 * @param partial holds files only.
 * @param folder beside it; not there yet.
 */
export async function publish(partial: string, folder: string): Promise<void> {
  for (const name of await fs.readdir(partial)) await sync(path.join(partial, name));
  await sync(partial);
  await fs.rename(partial, folder);
  await sync(path.dirname(folder));
}
