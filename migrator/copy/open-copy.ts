import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Run } from "../server/run";
import { takeSnapshot } from "../sqlite/snapshot";
import { SqliteDatabase } from "../sqlite/sqlite-database";

/** Copies the source where SQLite may open it, and opens it there. */
export async function openCopy(
  run: Run,
  file: string,
): Promise<{ source: SqliteDatabase; file: string; fingerprint: string }> {
  await fs.mkdir(run.scratch, { recursive: true, mode: 0o700 });
  const folder = await fs.mkdtemp(path.join(run.scratch, "copy-"));
  const snapshot = await takeSnapshot(file, folder, 0);
  const source = SqliteDatabase.open(snapshot.file, file, run.scratch);
  return { source, file: snapshot.file, fingerprint: snapshot.fingerprint };
}
