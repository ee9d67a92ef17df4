import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { Repository } from "../../../migrator/backups/repository";
import { takeUpWal } from "../../../migrator/backups/take-up";

let folder: string;
beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(tmpdir(), "pgmoor-wal-"));
});
afterEach(() => fs.rm(folder, { recursive: true, force: true }));

const wal = () => path.join(folder, "wal");
const names = async () => (await fs.readdir(folder)).sort();

/** Has copies of these times, and gives each back as one file with its name. */
function repository(ids: readonly string[], broken = false): Repository {
  return {
    ensure: () => Promise.resolve(false),
    list: () => Promise.resolve(ids.map((id, n) => ({ id, time: new Date(n), tags: ["wal"] }))),
    restore: async (id: string, target: string) => {
      await fs.writeFile(path.join(target, id), "");
      if (broken) throw new Error("S3 is away");
    },
  } as unknown as Repository;
}

const takeUp = (given: Repository) => takeUpWal({ repository: given, log: () => undefined }, wal());

test("a new volume gets the newest copy", async () => {
  await takeUp(repository(["older", "newest"]));
  expect(await fs.readdir(wal())).toEqual(["newest"]);
  expect(await names()).toEqual(["wal"]);
});

test("a volume with WAL of its own is left alone", async () => {
  await fs.mkdir(wal());
  await takeUp(repository(["newest"]));
  expect(await fs.readdir(wal())).toEqual([]);
});

test("a repository without WAL", async () => {
  await takeUp(repository([]));
  expect(await fs.readdir(wal())).toEqual([]);
});

test("half of a copy is not taken for all of it: the next try begins anew", async () => {
  await expect(takeUp(repository(["newest"], true))).rejects.toThrow("S3 is away");
  expect(await names()).not.toContain("wal");
  await takeUp(repository(["newest"]));
  expect(await fs.readdir(wal())).toEqual(["newest"]);
});
