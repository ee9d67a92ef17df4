/** On a PostgreSQL of its own, whose disk gets full and which crashes: what a restore leaves behind, and says. */
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { enlarge, mountSmall, unmountSmall } from "../../../lab/faults/full-disk";
import { waitFor } from "../../../lab/servers/wait";
import { adminOf, asAdmin } from "../../../migrator/backups/admin";
import { contentsOf, databasesOf, type DatabaseManifest } from "../../../migrator/backups/manifest";
import { restoreDump } from "../../../migrator/backups/restore-dump";
import { OwnServer } from "./own-server";

jest.setTimeout(120_000);

const run = promisify(execFile);
const root = process.getuid?.() === 0 && process.platform === "linux";
const thorough = process.env.PGMOOR_THOROUGH !== undefined;
let own: OwnServer | undefined;
/** Of two databases: one that goes on running, and one that was lost. */
let app: DatabaseManifest;
let lost: DatabaseManifest;

beforeAll(async () => {
  // A commit is in the server's log when it is acknowledged, as on any server: a crash of the machine is not tried here.
  own = await OwnServer.start("pg_dump", { synchronous_commit: "on" });
  if (own === undefined) return;
  await asAdmin(adminOf(variables()), async (client) => {
    await client.query("CREATE DATABASE app");
    await client.query("CREATE DATABASE lost");
  });
  await sql("app", "CREATE TABLE public.notes AS SELECT generate_series(1, 1000) AS n");
  await sql(
    "lost",
    "CREATE TABLE public.t AS SELECT n, repeat('x', 90) FROM generate_series(1, 150000) AS n",
  );
  [app, lost] = [await own.dump("app"), await own.dump("lost")];
  await sql("postgres", "DROP DATABASE lost");
});
afterAll(() => own?.stop());

const variables = () => own!.variables;
const sql = (database: string, text: string) =>
  asAdmin(adminOf(variables(), database), (client) => client.query<Record<string, unknown>>(text));
const stop = new AbortController().signal;

const restore = () =>
  restoreDump({
    server: variables(),
    folder: own!.folder,
    database: lost,
    as: "restored",
    log: () => undefined,
    stop,
  });
const failure = () =>
  restore().then(
    () => undefined,
    (error: Error & { left?: string }) => error,
  );

async function names(): Promise<string[]> {
  return (await asAdmin(adminOf(variables()), databasesOf)).map(({ name }) => name);
}

async function expectAppUntouched(): Promise<void> {
  expect((await asAdmin(adminOf(variables(), "app"), contentsOf)).tables).toEqual(app.tables);
}

/** The session that writes the rows. */
function copying(): Promise<number> {
  return waitFor({ what: "the rows come back", deadlineSeconds: 30, everyMs: 5 }, async () => {
    const { rows } = await sql(
      "postgres",
      "SELECT pid FROM pg_stat_activity WHERE datname = 'restored' AND query LIKE 'COPY%' AND state = 'active'",
    );
    return rows[0]?.pid as number | undefined;
  });
}

/** Its databases on a disk that has little room left; WAL stays where it is. */
async function onSmallDisk(work: (base: string) => Promise<void>): Promise<void> {
  const base = path.join(own!.folder, "server/data/base");
  const large = `${base}.large`;
  await own!.server.server.stop();
  await fs.rename(base, large);
  await mountSmall(base, "40m");
  try {
    await run("cp", ["-a", `${large}/.`, base]);
    await own!.server.server.start();
    await work(base);
    await own!.server.server.stop();
    await run("cp", ["-a", `${base}/.`, large]);
  } finally {
    await own!.server.server.stop();
    await unmountSmall(base);
    await fs.rm(base, { recursive: true });
    await fs.rename(large, base);
    await own!.server.server.start();
  }
}

test("the server's disk gets full: the new database is gone, the message says why, nothing else changed", async () => {
  if (own === undefined) return;
  if (!root) return console.log("skipped: a small file system can only be mounted by root on Linux");
  await onSmallDisk(async (base) => {
    // WHEN
    const failed = await failure();

    // THEN
    expect(failed?.message).toMatch(/pg_restore failed: [^]*No space left on device/);
    expect(failed?.left).toBe("the new database restored was dropped again; nothing else changed");
    expect(await names()).toEqual(["app", "postgres"]);
    await expectAppUntouched();

    // WHEN THEN there is room
    await enlarge(base);
    expect((await restore()).rows).toBe(150_000);
    await sql("postgres", "DROP DATABASE restored");
  });
});

test("the server crashes while rows come back: the new database is gone when it is up again", async () => {
  if (own === undefined) return;
  const failing = failure();
  process.kill(await copying(), "SIGKILL");
  const failed = await failing;
  expect(failed?.message).toMatch(/pg_restore failed/);
  expect(failed?.left).toBe("the new database restored was dropped again; nothing else changed");
  expect(await names()).toEqual(["app", "postgres"]);
  await expectAppUntouched();
});

test("the server crashes when a restore is done: every row is there", async () => {
  if (own === undefined) return;
  await restore();
  await own.server.server.kill();
  await own.server.server.start();
  const found = await asAdmin(adminOf(variables(), "restored"), contentsOf);
  expect(found.tables).toEqual(lost.tables);
  const { rows } = await sql("postgres", "SELECT datconnlimit FROM pg_database WHERE datname = 'restored'");
  expect(rows).toEqual([{ datconnlimit: -1 }]);
  await sql("postgres", "DROP DATABASE restored");
});

test("the server is gone for longer than a restore waits: it says what is left, and how to drop it", async () => {
  if (own === undefined) return;
  if (!thorough) return console.log("skipped: a minute's wait needs PGMOOR_THOROUGH");
  const failing = failure();
  await copying();
  await own.server.server.kill();
  const failed = await failing;
  expect(failed?.left).toMatch(/^the new database restored is still there, and only superusers can connect/);
  const [statement] = /DROP DATABASE [^;]*/.exec(failed!.left!)!;
  await own.server.server.start();
  expect(await names()).toContain("restored");
  await sql("postgres", statement);
  expect(await names()).toEqual(["app", "postgres"]);
});
