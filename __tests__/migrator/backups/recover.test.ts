import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { tagsOf } from "../../../migrator/backups/kept";
import { choose, requireNoGap } from "../../../migrator/backups/recover";
import type { Repository, Snapshot } from "../../../migrator/backups/repository";

describe("a gap in the WAL", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await fs.mkdtemp(path.join(tmpdir(), "pgmoor-wal-"));
  });
  afterEach(() => fs.rm(folder, { recursive: true, force: true }));

  const received = async (...names: string[]) => {
    for (const name of names) await fs.writeFile(path.join(folder, name), "");
  };

  test("none, over the end of a part and with the file that is being received", async () => {
    await received(
      "0000000100000000000000FE",
      "0000000100000000000000FF",
      "000000010000000100000000",
      "000000010000000100000001.partial",
    );
    await requireNoGap(folder, "0000000100000000000000FE");
  });

  test("is named", async () => {
    await received("000000010000000000000003", "000000010000000000000005");
    await expect(requireNoGap(folder, "000000010000000000000003")).rejects.toThrow(
      "WAL is missing: 000000010000000000000004 to before 000000010000000000000005",
    );
  });

  test("where the first file is missing already", async () => {
    await received("000000010000000000000005");
    await expect(requireNoGap(folder, "000000010000000000000003")).rejects.toThrow(
      "WAL is missing: 000000010000000000000003",
    );
  });
});

describe("which backup", () => {
  const snapshot = (id: string, reachableFrom: string): Snapshot => ({
    id: `s-${id}`,
    time: new Date(reachableFrom),
    tags: tagsOf({ id, reachableFrom, wal: { folder: "7-1", start: "000000010000000000000003" } }),
  });
  const all = [
    snapshot("monday", "2026-11-23T03:01:00.000Z"),
    snapshot("tuesday", "2026-11-24T03:01:00.000Z"),
  ];
  const manifest = {
    pgmoor: "backup",
    id: "x",
    server: "16.14",
    started: "2026-11-24T03:00:00Z",
    reachableFrom: "2026-11-24T03:01:00Z",
    wal: { folder: "7-1", start: "000000010000000000000003" },
    databases: [],
  };
  const repository = (list: Snapshot[]) =>
    ({
      place: "/repository",
      list: () => Promise.resolve(list),
      read: () => Promise.resolve(JSON.stringify(manifest)),
    }) as unknown as Repository;
  const chosen = async (wanted: Parameters<typeof choose>[1], list = all) =>
    (await choose({ repository: repository(list) }, wanted)).marks.id;

  test("the newest; the newest that reaches a second; one by its id", async () => {
    expect(await chosen({})).toBe("tuesday");
    expect(await chosen({ at: "2026-11-24T03:00:30.000Z" })).toBe("monday");
    expect(await chosen({ at: "2026-11-24T03:01:00.000Z" })).toBe("tuesday");
    expect(await chosen({ backup: "monday" })).toBe("monday");
  });

  test("none that fits: the message says what there is", async () => {
    await expect(chosen({ at: "2026-11-20T00:00:00.000Z" })).rejects.toThrow(
      "no backup reaches 2026-11-20T00:00:00.000Z. The oldest one reaches back to 2026-11-23T03:01:00.000Z",
    );
    await expect(chosen({ backup: "sunday" })).rejects.toThrow("there is no backup sunday");
    await expect(chosen({}, [])).rejects.toThrow("there is no backup in /repository");
  });
});
