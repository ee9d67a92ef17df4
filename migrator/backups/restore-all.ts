/** `restore-all`: the whole data directory of the central server, while it is stopped. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { Refused } from "../base/errors";
import { requireSpace } from "../base/folders";
import { identifier } from "../base/quoting";
import { NotThere } from "../server/connection";
import { adminOf, asAdmin } from "./admin";
import { alone } from "./alone";
import type { Backing } from "./backup";
import { contentsOf, databasesOf, rowsOf } from "./manifest";
import { choose, type Wanted } from "./choose";
import { fetchData, recoveryNames } from "./recover";
import type { ScratchServer } from "./scratch-server";

export interface RestoreAllReport {
  readonly backup: string;
  readonly at: string;
  readonly databases: number;
  readonly rows: number;
  /** Where the data directory that was there is now. */
  readonly before: string | null;
}

/** @param folder of its own, for what is fetched; removed at the end */
export async function restoreAll(
  backing: Backing,
  scratch: ScratchServer,
  folder: string,
  wanted: Omit<Wanted, "database">,
): Promise<RestoreAllReport> {
  const { config } = backing;
  const data = config.data!;
  await requireStopped(backing, data);
  return alone(`${data}.lock`, "another restore of the whole server runs. Wait for its end", () =>
    replaceData(backing, scratch, folder, data, wanted),
  );
}

async function replaceData(
  backing: Backing,
  scratch: ScratchServer,
  folder: string,
  data: string,
  wanted: Omit<Wanted, "database">,
): Promise<RestoreAllReport> {
  const { log } = backing;
  const chosen = await choose(backing, wanted);
  // Beside what is there, which is touched only when all of it has been fetched and checked.
  const fetched = `${data}.restoring`;
  await fs.mkdir(folder, { recursive: true, mode: 0o711 });
  try {
    await requireSpace(path.dirname(data), 0, "for the restored data");
    await fs.rm(fetched, { recursive: true, force: true });
    const to = wanted.at === undefined ? "latest" : { time: wanted.at };
    await fetchData(backing, chosen, { data: fetched, folder }, to);
    const before = await setAside(data);
    await fs.rename(fetched, data);
    if (before !== null) log(`what was in ${data} is kept in ${before}`);
    const found = await scratch.during(() => readAll(scratch));
    log(`${found.databases} databases, ${found.rows} rows, every one read`);
    return { backup: chosen.marks.id, at: wanted.at ?? "latest", ...found, before };
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
    await fs.rm(fetched, { recursive: true, force: true });
  }
}

/** @throws Refused while the central server answers, or a server runs on the folder */
async function requireStopped({ server }: Backing, data: string): Promise<void> {
  const answers = await asAdmin(adminOf(server), () => Promise.resolve(true)).catch(
    (error: unknown) => !(error instanceof NotThere),
  );
  if (answers)
    throw new Refused("the central server runs. Stop its job first; pgmoor restore --all does that");
  if ((await fs.stat(path.dirname(data)).catch(() => undefined)) === undefined)
    throw new Refused(`the server's volume is not mounted: there is no ${path.dirname(data)}`);
}

/** Renamed and not removed: it is the one thing that a mistake could still be mended with. */
async function setAside(data: string): Promise<string | null> {
  const there = await fs.readdir(data).catch(() => []);
  if (there.length === 0) {
    await fs.rm(data, { recursive: true, force: true });
    return null;
  }
  const before = `${data}.before-${new Date().toISOString().replace(/[-:]|\.\d+/g, "")}`;
  await fs.rename(data, before);
  return before;
}

/** Reads every row of every table, and leaves the server without the settings of its recovery. */
async function readAll(scratch: ScratchServer): Promise<{ databases: number; rows: number }> {
  const all = await asAdmin(adminOf(scratch.variables), databasesOf);
  let rows = 0;
  for (const { name } of all) rows += rowsOf(await asAdmin(adminOf(scratch.variables, name), contentsOf));
  await asAdmin(adminOf(scratch.variables), async (client) => {
    for (const name of recoveryNames) await client.query(`ALTER SYSTEM RESET ${identifier(name)}`);
  });
  return { databases: all.length, rows };
}
