import * as fs from "node:fs";
import * as path from "node:path";
import Libsql from "libsql";
import type { Cleanup } from "../support";

/** What a source has, its log included, by another reader than the migrator. The source stays as it is. */
export function itemsOf(cleanup: Cleanup, file: string): unknown[] {
  const copy = path.join(cleanup.folder(), "copy.db");
  for (const suffix of ["", "-wal", "-journal"])
    if (fs.existsSync(file + suffix)) fs.copyFileSync(file + suffix, copy + suffix);
  const database = new Libsql(copy);
  try {
    return database.prepare("SELECT id, name FROM items ORDER BY id").all();
  } finally {
    database.close();
  }
}
