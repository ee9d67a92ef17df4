/** `test-restore`: fetches the newest backup as a stranger would, restores it into a scratch server and looks at all of it. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { messageOf } from "../base/errors";
import { adminOf, asAdmin } from "./admin";
import { checkPages } from "./amcheck";
import { lookAsService } from "./as-service";
import type { Backing } from "./backup";
import { contentsOf, databasesOf, rowsOf, type Manifest } from "./manifest";
import { chooseNewest, manifestOf, type Chosen } from "./choose";
import { fetchData } from "./recover";
import { begin, end } from "./record";
import { loginOf } from "../server/login";
import { restoreDump } from "./restore-dump";
import type { ScratchServer } from "./scratch-server";

export interface TestReport {
  readonly backup: string;
  readonly databases: number;
  readonly rows: number;
  /** Whether pages and indexes were checked, too. */
  readonly pages: boolean;
}

const serverSeconds = 120;

/** @param folder of its own, for what is fetched; removed at the end */
export async function testRestore(
  backing: Backing,
  scratch: ScratchServer,
  folder: string,
): Promise<TestReport> {
  const { server, log } = backing;
  const patience = { seconds: serverSeconds, log };
  const run = await asAdmin(adminOf(server), (client) => begin(client, "test"), patience);
  const note = (outcome: Parameters<typeof end>[2]) =>
    asAdmin(adminOf(server), (client) => end(client, run, outcome), patience);
  let backup: string | undefined;
  try {
    const chosen = await chooseNewest(backing);
    backup = chosen.marks.id;
    await fs.mkdir(folder, { recursive: true, mode: 0o711 });
    await fetchData(backing, chosen, { data: path.join(folder, "data"), folder }, "base");
    const manifest = await manifestOf(backing, chosen);
    const report = await scratch.during(() => proveAll(backing, scratch, folder, { ...chosen, manifest }));
    const databases = manifest.databases.map(({ name }) => name);
    await note({ outcome: "done", backup, databases });
    return report;
  } catch (error) {
    await note({ outcome: "failed", backup, message: messageOf(error) }).catch(() => undefined);
    throw error;
  } finally {
    await fs.rm(folder, { recursive: true, force: true });
  }
}

/** Each dump into the scratch server, compared with the manifest; and every row that the base backup itself has. */
async function proveAll(
  { config, repository, log, stop }: Backing,
  scratch: ScratchServer,
  folder: string,
  { snapshot, manifest, marks }: Chosen & { readonly manifest: Manifest },
): Promise<TestReport> {
  const server = scratch.variables;
  for (const { name } of await asAdmin(adminOf(server), databasesOf)) {
    const rows = rowsOf(await asAdmin(adminOf(server, name), contentsOf));
    log(`base backup: ${name} can be read, ${rows} rows`);
  }
  const pages = await checkPages(server, log, stop);
  let rows = 0;
  for (const [index, database] of manifest.databases.entries()) {
    await repository.restore(snapshot.id, folder, database.file);
    const as = `pgmoor_test_${index + 1}`;
    rows += (await restoreDump({ server, folder, database, as, log, stop })).rows;
    const { name, owner } = database;
    // The admin can do everything: as it there is nothing to see.
    if (owner !== server.PGUSER) {
      const login = loginOf({ ...server, PGUSER: owner, PGDATABASE: as });
      await lookAsService({ login, query: config.queries[name], log });
    }
    await asAdmin(adminOf(server), (client) => client.query(`DROP DATABASE "${as}"`));
    await fs.rm(path.join(folder, database.file));
  }
  return { backup: marks.id, databases: manifest.databases.length, rows, pages };
}
