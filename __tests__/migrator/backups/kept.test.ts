import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { marksOf, policyOf, removeOldWal, tagsOf } from "../../../migrator/backups/kept";
import type { Snapshot } from "../../../migrator/backups/repository";

const keep = { daily: 7, weekly: 4, monthly: 12, pointInTimeDays: 7 };
const now = new Date("2026-11-25T12:00:00Z");

let folder: string;
beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(tmpdir(), "pgmoor-wal-"));
});
afterEach(() => fs.rm(folder, { recursive: true, force: true }));

/** A backup so many days ago, which needs WAL from this file on. */
function backup(days: number, wal: string, history = "700-1"): Snapshot {
  const made = new Date(now.getTime() - days * 86_400_000);
  const marks = { id: `b${days}`, reachableFrom: made.toISOString(), wal: { folder: history, start: wal } };
  return { id: `s${days}`, time: made, tags: tagsOf(marks) };
}

async function received(history: string, ...names: string[]): Promise<void> {
  await fs.mkdir(path.join(folder, history), { recursive: true });
  for (const name of names) await fs.writeFile(path.join(folder, history, name), "");
}
const left = async (history: string) => (await fs.readdir(path.join(folder, history)).catch(() => [])).sort();
const file = (number: number, timeline = 1) =>
  `${String(timeline).padStart(8, "0")}${"0".repeat(8)}${number.toString(16).toUpperCase().padStart(8, "0")}`;

test("what a snapshot's tags say of a backup is read back", () => {
  const marks = {
    id: "20261125T030000Z",
    reachableFrom: "2026-11-25T03:01:00.000Z",
    wal: { folder: "7-1", start: file(9) },
  };
  expect(marksOf({ tags: tagsOf(marks) })).toEqual(marks);
  expect(marksOf({ tags: ["backup", "somebody's own"] })).toBeUndefined();
});

test("the newest backup is kept whatever the policy is", () => {
  expect(policyOf({ ...keep, weekly: 0, monthly: 0 })).toEqual(["--keep-last=1", "--keep-daily=7"]);
});

test("WAL goes that lies before the newest backup older than the days", async () => {
  // GIVEN
  await received("700-1", ...[1, 2, 3, 4, 5].map((n) => file(n)), `${file(6)}.partial`, "00000002.history");

  // WHEN the backup of 8 days ago is where the 7 days begin
  await removeOldWal(folder, [backup(9, file(2)), backup(8, file(3)), backup(1, file(5))], keep, now);

  // THEN
  expect(await left("700-1")).toEqual(
    [file(3), file(4), file(5), `${file(6)}.partial`, "00000002.history"].sort(),
  );
});

test("WAL of a server that was lost stays, however long another one has been backed up", async () => {
  await received("600-1", file(1), file(2));
  await received("700-1", file(3), file(4));
  const lost = backup(30, file(1), "600-1");
  await removeOldWal(folder, [lost, backup(9, file(3)), backup(8, file(4)), backup(1, file(4))], keep, now);
  expect(await left("600-1")).toEqual([file(1), file(2)]);
  expect(await left("700-1")).toEqual([file(4)]);
});

test("without a backup nothing goes", async () => {
  await received("700-1", file(1));
  await removeOldWal(folder, [], keep, now);
  expect(await left("700-1")).toEqual([file(1)]);
});

test("a history that was left goes when no backup of the days needs it", async () => {
  // GIVEN a restore two days ago began a new one
  await received("700-1", file(1), file(2));
  await received("700-2", file(3, 2));

  // WHEN THEN a backup of the old one is still within the days
  await removeOldWal(folder, [backup(5, file(1)), backup(1, file(3, 2), "700-2")], keep, now);
  expect(await left("700-1")).toEqual([file(1), file(2)]);

  // WHEN THEN it no longer is
  await removeOldWal(folder, [backup(9, file(3, 2), "700-2"), backup(1, file(3, 2), "700-2")], keep, now);
  expect(await left("700-1")).toEqual([]);
  expect(await left("700-2")).toEqual([file(3, 2)]);
});
