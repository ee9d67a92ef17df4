import { execFileSync } from "node:child_process";
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { messageOf } from "../../../migrator/base/errors";
import { fingerprint, scratchCopy, takeSnapshot } from "../../../migrator/sqlite/snapshot";
import { Cleanup, eventually, writeSqlite } from "../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

function newSource(sql = "CREATE TABLE t (a); INSERT INTO t VALUES (1)", log?: string) {
  const folder = cleanup.folder();
  const source = path.join(folder, "data", "app.db");
  writeSqlite(source, sql, log);
  return { source, parent: path.join(folder, "backup"), scratch: path.join(folder, "scratch") };
}

const sha256 = (file: string) => crypto.createHash("sha256").update(fs.readFileSync(file)).digest("hex");

test("the files are byte for byte the source's, with a manifest, for us alone; the source is not touched", async () => {
  const { source, parent } = newSource(undefined, "INSERT INTO t VALUES (2)");
  fs.writeFileSync(`${source}-shm`, "not needed");
  const state = () =>
    fs.readdirSync(path.dirname(source)).map((name) => {
      const file = path.join(path.dirname(source), name);
      const { mtimeMs, ino, size } = fs.statSync(file);
      return { name, mtimeMs, ino, size, hash: sha256(file) };
    });
  const before = state();
  const snapshot = await takeSnapshot(source, parent, 7);
  expect(state()).toEqual(before);
  expect(path.basename(snapshot.folder)).toMatch(/^attempt-7-\d{8}T\d{6}Z$/);
  expect(fs.readdirSync(parent)).toEqual([path.basename(snapshot.folder)]);
  expect(fs.readdirSync(snapshot.folder)).toEqual(["app.db", "app.db-wal", "manifest.json"]);
  const manifest = JSON.parse(fs.readFileSync(path.join(snapshot.folder, "manifest.json"), "utf8")) as {
    files: unknown;
  };
  expect(manifest.files).toEqual(
    ["app.db", "app.db-wal"].map((name) => {
      const file = path.join(path.dirname(source), name);
      const hash = sha256(file);
      return { name, bytes: fs.statSync(file).size, sha256Before: hash, sha256After: hash };
    }),
  );
  for (const name of fs.readdirSync(snapshot.folder)) {
    expect(fs.statSync(path.join(snapshot.folder, name)).mode & 0o077).toBe(0);
  }
});

test("a source that changes meanwhile is refused, and nothing half is left", async () => {
  const { source, parent } = newSource();
  fs.appendFileSync(source, Buffer.alloc(16 << 20));
  let taking: Promise<unknown> | undefined = takeSnapshot(source, parent, 1).finally(
    () => (taking = undefined),
  );
  const outcome = taking.catch(messageOf);
  // As long as the snapshot is under way, something writes.
  while (taking !== undefined) {
    fs.appendFileSync(source, "x");
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await outcome).toContain("another program writes to it");
  expect(fs.readdirSync(parent)).toEqual([]);
});

test("a log that appears meanwhile is a change", async () => {
  const { source, parent } = newSource();
  fs.appendFileSync(source, Buffer.alloc(128 << 20));
  const taking = takeSnapshot(source, parent, 1);
  const outcome = taking.catch((error: unknown) => error);
  await eventually(() =>
    fs.existsSync(parent) && fs.readdirSync(parent, { recursive: true }).length > 1 ? true : undefined,
  );
  fs.writeFileSync(`${source}-wal`, "rows");
  expect(messageOf(await outcome)).toContain("before: app.db; now: app.db, app.db-wal");
});

test("the fingerprint tells a changed source, by file and by log, and not the coming of an empty log", async () => {
  const { source } = newSource();
  const first = await fingerprint(source);
  fs.writeFileSync(`${source}-wal`, "");
  expect(await fingerprint(source)).toBe(first);
  fs.writeFileSync(`${source}-wal`, "rows");
  const second = await fingerprint(source);
  expect(second).not.toBe(first);
  fs.rmSync(source);
  expect(await fingerprint(source)).toBeUndefined();
});

test("a snapshot that reads back differently is refused", async () => {
  const { source, parent, scratch } = newSource();
  const snapshot = await takeSnapshot(source, parent, 1);
  fs.appendFileSync(snapshot.file, "x");
  await expect(scratchCopy(snapshot, scratch)).rejects.toThrow("checksum mismatch when it was read back");
});

test("a link's fingerprint is that of the file and of the log beside it", async () => {
  const { source } = newSource(undefined, "INSERT INTO t VALUES (2), (3)");
  const link = path.join(cleanup.folder(), "link.db");
  fs.symlinkSync(source, link);
  expect(await fingerprint(link)).toBe(await fingerprint(source));
});

test("files, folder and its name are on the disk, in this order, before the snapshot counts", async () => {
  const { source, parent } = newSource();
  const handle = await fs.promises.open(source);
  const prototype = Object.getPrototypeOf(handle) as {
    sync: (this: { fd: number }) => Promise<void>;
  };
  await handle.close();
  const { sync } = prototype;
  const synced: string[] = [];
  prototype.sync = function () {
    synced.push(fs.readlinkSync(`/proc/self/fd/${this.fd}`));
    return sync.call(this);
  };
  try {
    const { folder } = await takeSnapshot(source, parent, 1);
    const partial = `${folder}.partial`;
    expect(synced.slice(-3)).toEqual([path.join(partial, "manifest.json"), partial, parent]);
    expect(synced).toContain(path.join(partial, "app.db"));
  } finally {
    prototype.sync = sync;
  }
});

describe("a log or a journal beside the source that SQLite did not make", () => {
  test.each(["-wal", "-journal"])(
    "%s that is a link is refused, and what it leads to is not read",
    async (suffix) => {
      const { source, parent } = newSource();
      const other = path.join(path.dirname(source), "secret");
      fs.writeFileSync(other, "not the app's");
      fs.symlinkSync(other, source + suffix);
      const refusal = `${source}${suffix}: a symbolic link. SQLite does not create links. Find out who created it, and remove it`;
      await expect(takeSnapshot(source, parent, 1)).rejects.toThrow(refusal);
      await expect(fingerprint(source)).rejects.toThrow(refusal);
      // One to nothing, too: SQLite would write where it leads.
      fs.rmSync(other);
      await expect(takeSnapshot(source, parent, 1)).rejects.toThrow(refusal);
      expect(fs.existsSync(parent)).toBe(false);
    },
  );

  test.each(["-wal", "-journal"])("%s that is a FIFO is refused at once", async (suffix) => {
    const { source, parent } = newSource();
    execFileSync("mkfifo", [source + suffix]);
    await expect(takeSnapshot(source, parent, 1)).rejects.toThrow(`${source}${suffix}: not a file`);
  });
});
