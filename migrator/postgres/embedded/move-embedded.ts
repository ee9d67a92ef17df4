import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Client } from "pg";
import { cutOff, endSession } from "../../server/connection";
import { recordSnapshot } from "../../ledger/ledger";
import { leftAfter } from "../../moves/after-copy";
import type { Meeting, Moved, Moving } from "../../moves/source";
import type { DatabaseLogin } from "../../server/login";
import { changed } from "../../sqlite/snapshot";
import { afterCopy } from "../after-copy";
import { copyDatabase, type CopiedDatabase } from "../copy-database";
import { fingerprint, majorOf, requireStopped } from "./data-folder";
import { openToPassword, scratchData, takeDataSnapshot } from "./data-snapshot";
import { Definitions } from "../dump";
import { requireFit, requireVersions } from "../fit";
import { originOf, qualifyNames } from "../origin";
import { embeddedLogin, seeAll } from "../session";
import { askedFor } from "../sums";

/** The app's database in a data directory. */
export interface Database {
  readonly data: string;
  readonly user: string;
  readonly database: string;
}

/**
 * One attempt to move an embedded server's database, once it is in the ledger: copies its data directory byte for byte, has
 * the `source` task run the server on a copy of that, and copies from there. The original is only read, and no server ever
 * works on it.
 * @throws Refused or Failed; nothing is changed then unless `left` says so.
 */
export async function moveEmbedded(
  { data, user, database }: Database,
  moving: Moving,
  meeting: Meeting,
): Promise<Moved> {
  const { run, target: client, attempt, snapshots } = moving;
  await requireVersions(run, await majorOf(data), client);
  const snapshot = await takeDataSnapshot(data, snapshots, attempt);
  await recordSnapshot(client, attempt, snapshot);
  run.log(`snapshot of ${snapshot.bytes} bytes in ${snapshot.folder}`);
  const scratch = path.join(meeting.shared, "pgmoor-source");
  try {
    await scratchData(snapshot, scratch);
    await openToPassword(scratch, snapshot);
    const server = embeddedLogin(path.join(meeting.shared, "pgmoor"), user, database);
    const requireSame = async () => {
      await requireStopped(data);
      if ((await fingerprint(data)) === snapshot.fingerprint) return;
      throw changed(data, "a server has used it since then");
    };
    const copied = await copyFromServer(moving, meeting, server, requireSame);
    return await afterCopy(run, client, attempt, copied, snapshot.folder);
  } finally {
    await fs.rm(scratch, { recursive: true, force: true });
  }
}

/** Has the server run on the scratch copy for as long as it is read. */
async function copyFromServer(
  { run, target, attempt, rescue }: Moving,
  { exchange }: Meeting,
  server: DatabaseLogin,
  requireSame: () => Promise<void>,
): Promise<CopiedDatabase> {
  const sessions: Client[] = [];
  const open = async () => {
    const session = await seeAll(await run.session(server));
    sessions.push(session);
    return session;
  };
  let read = false;
  const served = exchange.build(() => Promise.resolve(read));
  // When the server ends too early, that is what to say, and not what was asked of it then.
  served.catch(() => sessions.forEach(cutOff));
  const work = async () => {
    const [client, summing] = [await open(), await open()];
    await qualifyNames(summing);
    await requireFit(run, client, target);
    const definitions = await Definitions.of(run, server);
    await run.requireAlone(target);
    const finished = async () => {
      await Promise.all(sessions.map(endSession));
      read = true;
      await served;
      await requireSame();
    };
    return copyDatabase({
      source: await originOf(client),
      target,
      definitions,
      sums: askedFor(summing),
      attempt,
      rescue,
      finished,
      committing: () => (run.left = leftAfter.committing),
      log: run.log,
    });
  };
  try {
    return await Promise.race([work(), served.then(() => new Promise<never>(() => undefined))]);
  } catch (error) {
    // The server ends in order once nobody is in it, and has to end before its data goes.
    await Promise.all(sessions.map(endSession));
    await exchange.abort();
    throw error;
  }
}
