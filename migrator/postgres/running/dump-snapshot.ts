import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { Transform, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { dumpFormat } from "../dump";
import { readProgram } from "../programs";
import { amount, type Log } from "../../base/progress";
import type { Run } from "../../server/run";
import { snapshotFolder, writeManifest } from "../../sqlite/snapshot";
import type { RunningServer } from "./running-server";

/** A dump of a whole database. */
export interface DumpSnapshot {
  readonly folder: string;
  readonly file: string;
  readonly bytes: number;
  readonly fingerprint: string;
}

/** In the snapshot's folder, beside the manifest. */
const dumpName = "database.dump";
const lineEvery = 5000;

/**
 * Has pg_dump write everything of the source, owners and grants as well, as it is in what the copy reads.
 * @param parent folder of all snapshots of this service.
 * @throws Refused when there is too little room for as much as the database takes on its own disk.
 */
export async function takeDump(
  run: Run,
  source: RunningServer,
  parent: string,
  attempt: number,
): Promise<DumpSnapshot> {
  const { client, snapshot } = await source.locked();
  const { fingerprint } = await source.content();
  const size = await client.query<{ bytes: number }>(
    "SELECT pg_database_size(current_database())::float8 AS bytes",
  );
  return snapshotFolder(parent, attempt, size.rows[0]!.bytes, async (partial, folder) => {
    const args = [...dumpFormat, `--snapshot=${snapshot}`];
    const { bytes, sha256 } = await readProgram(run, "pg_dump", args, source.server, (output) =>
      write(output, path.join(partial, dumpName), run.log),
    );
    const files = [{ name: dumpName, bytes, sha256 }];
    await writeManifest(partial, { source: source.url, attempt, fingerprint, files });
    return { folder, file: path.join(folder, dumpName), bytes, fingerprint };
  });
}

async function write(output: Readable, file: string, log: Log): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let [bytes, said] = [0, performance.now()];
  const count = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      bytes += chunk.length;
      if (performance.now() - said > lineEvery) {
        said = performance.now();
        log(`snapshot: ${amount(bytes)} so far`);
      }
      done(null, chunk);
    },
  });
  await pipeline(output, count, fs.createWriteStream(file, { flags: "wx", mode: 0o600 }));
  return { bytes, sha256: hash.digest("hex") };
}
