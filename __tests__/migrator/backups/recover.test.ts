import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { requireNoGap } from "../../../migrator/backups/recover";

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
