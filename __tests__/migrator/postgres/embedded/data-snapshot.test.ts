import * as fs from "node:fs";
import * as path from "node:path";
import { fingerprint, isThere } from "../../../../migrator/postgres/embedded/data-folder";
import { scratchData, takeDataSnapshot } from "../../../../migrator/postgres/embedded/data-snapshot";
import { messageOf } from "../../../../migrator/base/errors";
import { Cleanup } from "../../support";

const cleanup = new Cleanup();
afterAll(() => cleanup.run());

/** As much of a data directory as a snapshot looks at. */
function newData() {
  const folder = cleanup.folder();
  const data = path.join(folder, "data");
  const parent = path.join(folder, "backup", "app");
  fs.mkdirSync(path.join(data, "global"), { recursive: true });
  fs.mkdirSync(path.join(data, "pg_notify"));
  fs.writeFileSync(path.join(data, "PG_VERSION"), "14\n");
  fs.writeFileSync(path.join(data, "global", "pg_control"), "control");
  fs.writeFileSync(path.join(data, "global", "1260"), "rows");
  return { data, parent, scratch: path.join(folder, "scratch") };
}

test("a snapshot is the folder's bytes, empty folders among them, and so is a scratch copy", async () => {
  const { data, parent, scratch } = newData();
  const snapshot = await takeDataSnapshot(data, parent, 3);
  await scratchData(snapshot, scratch);
  const names = fs.readdirSync(data, { recursive: true }).sort();
  for (const copy of [path.join(snapshot.folder, "data"), scratch]) {
    expect(fs.readdirSync(copy, { recursive: true }).sort()).toEqual(names);
    expect(fs.readFileSync(path.join(copy, "global", "1260"), "utf8")).toBe("rows");
    expect(fs.statSync(path.join(copy, "global")).mode & 0o777).toBe(0o700);
  }
  expect(snapshot.fingerprint).toBe(await fingerprint(data));
  const manifest = fs.readFileSync(path.join(snapshot.folder, "manifest.json"), "utf8");
  expect(JSON.parse(manifest)).toMatchObject({ source: data, attempt: 3, fingerprint: snapshot.fingerprint });
  fs.writeFileSync(path.join(snapshot.folder, "data", "global", "1260"), "rots");
  await expect(scratchData(snapshot, scratch)).rejects.toThrow("checksum mismatch when it was read back");
});

test("a source that is not there, and one that a server has worked on since, are told apart", async () => {
  const { data } = newData();
  const before = await fingerprint(data);
  fs.writeFileSync(path.join(data, "global", "pg_control"), "another checkpoint");
  expect(await fingerprint(data)).not.toBe(before);
  fs.rmSync(path.join(data, "PG_VERSION"));
  expect([await isThere(data), await fingerprint(data)]).toEqual([false, undefined]);
});

test.each<[string, (data: string) => void, RegExp]>([
  [
    "a server's lock",
    (data) => fs.writeFileSync(path.join(data, "postmaster.pid"), "1"),
    /a server is running there, or was killed/,
  ],
  [
    "a standby",
    (data) => fs.writeFileSync(path.join(data, "standby.signal"), ""),
    /a standby or a backup of another server/,
  ],
  [
    "a tablespace elsewhere",
    (data) => fs.symlinkSync("/tmp", path.join(data, "global", "pg_tblspc")),
    /pg_tblspc is neither a file nor a folder/,
  ],
  [
    "no data directory",
    (data) => fs.rmSync(path.join(data, "PG_VERSION")),
    /there is no PostgreSQL data directory/,
  ],
])("refused: %s", async (_, spoil, message) => {
  const { data, parent } = newData();
  spoil(data);
  await expect(takeDataSnapshot(data, parent, 1)).rejects.toThrow(message);
  expect(fs.existsSync(parent)).toBe(false);
});

test.each<[string, (data: string) => void]>([
  ["is written to", (data) => fs.appendFileSync(path.join(data, "global", "1260"), "x")],
  ["gets a file", (data) => fs.writeFileSync(path.join(data, "global", "new"), "x")],
  ["loses a file", (data) => fs.rmSync(path.join(data, "global", "1260"), { force: true })],
  ["gets a server", (data) => fs.writeFileSync(path.join(data, "postmaster.pid"), "1")],
])("a source that %s meanwhile is refused, and nothing half is left", async (_, change) => {
  const { data, parent } = newData();
  // The last to be copied, and long enough to be seen at it.
  fs.writeFileSync(path.join(data, "zeroes"), Buffer.alloc(32 << 20));
  const outcome = takeDataSnapshot(data, parent, 1).catch(messageOf);
  while (
    !fs.existsSync(parent) ||
    !fs.readdirSync(parent, { recursive: true }).some((name) => String(name).endsWith("zeroes"))
  ) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  change(data);
  expect(await outcome).toMatch(/changed while it was copied|a server is running there/);
  expect(fs.readdirSync(parent)).toEqual([]);
});
