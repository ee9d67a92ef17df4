import type { Source } from "./config";
import * as dataFolder from "./embedded/data-folder";
import * as snapshot from "./snapshot";

/** Whether there is a source. */
export async function isThere(source: Source): Promise<boolean> {
  return source.kind === "sqlite" ? snapshot.isThere(source.file) : dataFolder.isThere(source.data);
}

/** What tells this source from a changed one; `undefined` when there is none. Only reads. */
export async function fingerprint(source: Source): Promise<string | undefined> {
  return source.kind === "sqlite" ? snapshot.fingerprint(source.file) : dataFolder.fingerprint(source.data);
}
