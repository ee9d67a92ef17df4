/** `restore`: one database, as of a backup or of a second, into a new database of the central server. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { Refused } from "../base/errors";
import { requireSpace } from "../base/folders";
import type { Backing } from "./backup";
import { dumpDatabase, dumpFile } from "./dump";
import { databasesOf, manifestFile, parseManifest } from "./manifest";
import { adminOf, asAdmin } from "./admin";
import { choose, type Chosen } from "./choose";
import { fetchData } from "./recover";
import { restoreDump, type Restored } from "./restore-dump";
import type { ScratchServer } from "./scratch-server";

export interface RestoreWanted {
  readonly database: string;
  readonly as: string;
  /** ISO 8601. Default as it was when the backup was made. */
  readonly at?: string | undefined;
  /** Default the newest that fits. */
  readonly backup?: string | undefined;
}

export interface RestoreReport extends Restored {
  readonly backup: string;
  readonly at: string;
}

/** @param folder of its own, for what is fetched; removed at the end */
export async function restoreDatabase(
  backing: Backing,
  scratch: ScratchServer,
  folder: string,
  wanted: RestoreWanted,
): Promise<RestoreReport> {
  const chosen = await choose(backing, wanted);
  await fs.mkdir(folder, { recursive: true, mode: 0o711 });
  try {
    const restored =
      wanted.at === undefined
        ? await fromDump(backing, scratch, folder, chosen, wanted)
        : {
            ...(await fromWal(backing, scratch, folder, chosen, { ...wanted, at: wanted.at })),
            at: wanted.at,
          };
    return { ...restored, backup: chosen.marks.id };
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

async function fromDump(
  { repository, server, log, stop }: Backing,
  scratch: ScratchServer,
  folder: string,
  { snapshot, marks }: Chosen,
  { database: name, as }: RestoreWanted,
): Promise<Restored & { readonly at: string }> {
  await scratch.skip();
  log(`fetching the dump of ${name}`);
  // Each start of restic takes half a second to open the repository: one fetches both.
  await repository.restore(snapshot.id, folder, manifestFile, dumpFile(name));
  const { databases, started } = parseManifest(await fs.readFile(path.join(folder, manifestFile), "utf8"));
  const database = databases.find((one) => one.name === name);
  if (database === undefined)
    throw new Refused(
      `the backup ${marks.id} has no database ${name}. It has ${databases.map((one) => one.name).join(", ")}`,
    );
  return { ...(await restoreDump({ server, folder, database, as, log, stop })), at: started };
}

/** The whole server as of that second, beside the central one; from there the database alone. */
async function fromWal(
  backing: Backing,
  scratch: ScratchServer,
  folder: string,
  chosen: Chosen,
  { database: name, as, at }: RestoreWanted & { at: string },
): Promise<Restored> {
  const { server, log, stop } = backing;
  await fetchData(backing, chosen, { data: path.join(folder, "data"), folder }, { time: at });
  const database = await scratch.during(async () => {
    const all = await asAdmin(adminOf(scratch.variables), databasesOf);
    const found = all.find((one) => one.name === name);
    if (found === undefined) throw new Refused(`there was no database ${name} at ${at}`);
    await requireSpace(folder, 0, "for the dump");
    return dumpDatabase(scratch.variables, found, folder, "restored.dump", stop);
  });
  log(`the server as of ${at}: ${Object.keys(database.tables).length} tables in ${name}`);
  return restoreDump({ server, folder, database, as, log, stop });
}
