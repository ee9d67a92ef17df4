import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import Database from "libsql";
import * as path from "node:path";
import { promisify } from "node:util";
import type { Bench } from "./bench";
import type { Fault } from "./fault";
import type { Subject } from "./subjects";
import { changeEmbedded } from "../story/embedded-source";
import { handOver, sourceFile, type SqliteService } from "../story/sqlite-source";

/** As somebody does who opens the old data to look something up. */
async function change({ lab }: Bench, { service }: Subject): Promise<void> {
  if (service.sample === "immich") return changeEmbedded(lab, service);
  const file = sourceFile(lab, service as SqliteService);
  const database = new Database(file);
  database.exec("UPDATE ciphers SET name = 'changed after the move' WHERE rowid = 1");
  database.close();
  await handOver(path.dirname(file));
}

export const sourceChangedAfterConfirm: Fault = {
  name: "source-changed-after-confirm",
  about: "the source is written to after the move was confirmed, and the allocation is lost",
  strikes: ["cutover"],
  async inject(bench, struck) {
    for (const subject of struck) {
      const folder = bench.lab.volumes[subject.service.volume]!;
      // With its owner: PostgreSQL starts on no data of somebody else's.
      await promisify(execFile)("cp", ["--archive", folder, `${folder}.before`]);
      await change(bench, subject);
    }
    await bench.loseAllocations(struck);
  },
  async tidy(bench, struck) {
    for (const { service } of struck) {
      const folder = bench.lab.volumes[service.volume]!;
      await fs.rename(folder, `${folder}.changed`);
      await fs.rename(`${folder}.before`, folder);
    }
  },
};
