import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Client } from "pg";
import type { EmbeddedSource } from "../config";
import { cutOff, endSession } from "../connection";
import type { Deadline } from "../deadline";
import { Refused } from "../errors";
import type { Exchange } from "../exchange";
import { recordSnapshot, type Copied } from "../ledger";
import { left, recordCounts, type Moved, type Moving } from "../move";
import type { Run } from "../run";
import { changed } from "../snapshot";
import { copyEmbedded } from "./copy";
import { fingerprint, majorOf, requireStopped } from "./data-folder";
import { openToPassword, scratchData, takeDataSnapshot } from "./data-snapshot";
import { clientMajor, SchemaDump } from "./dump";
import { requireExtensions } from "./extensions";
import { connectSource, type SourceAddress } from "./session";

/** Where the `source` task is met. */
export interface Meeting {
  readonly exchange: Exchange;
  /** Directory that the allocation's tasks share: the scratch copy and the server's socket are in it. */
  readonly shared: string;
}

/**
 * One attempt to move an embedded server's database, once it is in the ledger: copies its data directory byte for byte, has
 * the `source` task run the server on a copy of that, and copies from there. The original is only read, and no server ever
 * works on it.
 * @param client ended by it.
 * @throws Refused or Failed; nothing is changed then unless `left` says so.
 */
export async function moveEmbedded(
  run: Run,
  client: Client,
  moving: Moving<EmbeddedSource>,
  attempt: number,
  meeting: Meeting,
): Promise<Moved> {
  const { source, snapshots } = moving;
  await requireVersions(source, client, run.deadline);
  const snapshot = await takeDataSnapshot(source.data, snapshots, attempt);
  await recordSnapshot(client, attempt, snapshot);
  run.log(`snapshot of ${snapshot.bytes} bytes in ${snapshot.folder}`);
  const scratch = path.join(meeting.shared, "pgmoor-source");
  try {
    await scratchData(snapshot, scratch);
    await openToPassword(scratch, snapshot);
    const { user, database } = source;
    const address = { socket: path.join(meeting.shared, "pgmoor"), user, database };
    const requireSame = async () => {
      await requireStopped(source.data);
      if ((await fingerprint(source.data)) === snapshot.fingerprint) return;
      throw changed(source.data, "a server has worked on it since");
    };
    const { uses, ...copied } = await copyFromServer(run, client, attempt, meeting, address, requireSame);
    run.left = left.committed;
    await client.end();
    // A new session: by the search path that the copy has brought along, as `confirm` will count.
    await recordCounts(run, await run.session(), attempt, uses);
    return { ...copied, snapshot: snapshot.folder };
  } finally {
    await fs.rm(scratch, { recursive: true, force: true });
  }
}

/** Has the server run on the scratch copy for as long as it is read. */
async function copyFromServer(
  run: Run,
  target: Client,
  attempt: number,
  { exchange }: Meeting,
  address: SourceAddress,
  requireSame: () => Promise<void>,
): Promise<Copied & { readonly uses: ReadonlyMap<string, number> }> {
  let source: Client | undefined;
  let read = false;
  const served = exchange.build(() => Promise.resolve(read));
  // When the server ends too early, that is what to say, and not what was asked of it then.
  served.catch(() => source && cutOff(source));
  const work = async () => {
    source = await connectSource(address, run.deadline);
    const dump = await readyToCopy(run, source, target, address);
    const finished = async () => {
      if (source !== undefined) await endSession(source);
      read = true;
      await served;
      await requireSame();
    };
    const committing = () => (run.left = left.committing);
    return copyEmbedded({ source, target, dump, attempt, finished, committing, log: run.log });
  };
  try {
    return await Promise.race([work(), served.then(() => new Promise<never>(() => undefined))]);
  } catch (error) {
    // The server ends in order once nobody is in it, and has to end before its data goes.
    if (source !== undefined) await endSession(source);
    await exchange.abort();
    throw error;
  }
}

/** Looks at both sides before anything of the target is touched; answers the source's definitions. */
async function readyToCopy(
  run: Run,
  source: Client,
  target: Client,
  address: SourceAddress,
): Promise<SchemaDump> {
  const objects = await source.query("SELECT FROM pg_largeobject_metadata LIMIT 1");
  if (objects.rowCount) {
    throw new Refused(
      "the source has large objects (pg_largeobject), which are not moved. Have the app keep them in columns",
    );
  }
  for (const name of await requireExtensions(source, target)) {
    run.log(
      `extension ${name} of the source is not in the target, and nothing there is made with it: left out`,
    );
  }
  await fs.mkdir(run.scratch, { recursive: true, mode: 0o700 });
  const dump = await SchemaDump.of(address, path.join(run.scratch, "schema.dump"), run.deadline);
  await run.requireAlone(target);
  return dump;
}

/**
 * A dump is read by its own version of PostgreSQL or a later one, and made by a client program as new as the server: so the
 * programs are of the target's version, and the source is no newer.
 */
async function requireVersions(source: EmbeddedSource, target: Client, deadline: Deadline): Promise<void> {
  const from = await majorOf(source.data);
  const result = await target.query<{ major: number }>(
    "SELECT current_setting('server_version_num')::int / 10000 AS major",
  );
  const to = result.rows[0]!.major;
  if (from > to) {
    throw new Refused(
      `the source is of PostgreSQL ${from}, the server of ${to}: there is no way back to an older version. Give the server an image of ${from} or later`,
    );
  }
  const client = await clientMajor(deadline);
  if (client !== to) {
    throw new Refused(
      `pg_dump is of PostgreSQL ${client}, the server of ${to}. Build the migrator's image with --build-arg POSTGRES_MAJOR=${to}`,
    );
  }
}
