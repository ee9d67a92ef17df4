import type { DataDirectory, SqliteFile } from "../job/config";
import * as dataFolder from "../postgres/embedded/data-folder";
import type { RunningSource } from "../postgres/running/running-source";
import * as snapshot from "../sqlite/snapshot";
import type { Reach } from "../server/target";

/** Where a service's data is: a job's configuration says the first two, a person who moves it by hand the first or the last. */
export type Source = SqliteFile | DataDirectory | RunningSource;

/** Whether there is a source. */
export async function isThere(source: Source): Promise<boolean> {
  switch (source.kind) {
    case "sqlite":
      return snapshot.isThere(source.file);
    case "postgres":
      return dataFolder.isThere(source.data);
    case "server":
      return source.isThere();
  }
}

/** What tells this source from a changed one; `undefined` when there is none. Only reads. */
export async function fingerprint(source: Source): Promise<string | undefined> {
  switch (source.kind) {
    case "sqlite":
      return snapshot.fingerprint(source.file);
    case "postgres":
      return dataFolder.fingerprint(source.data);
    case "server":
      return source.fingerprint();
  }
}

/** Which tables of the target a copy of it writes to. */
export const reachOf = ({ kind }: Source): Reach => (kind === "sqlite" ? "named" : "owned");
