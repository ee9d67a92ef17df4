import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { alone } from "../../../migrator/backups/alone";

let folder: string;
beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(tmpdir(), "pgmoor-alone-"));
});
afterEach(() => fs.rm(folder, { recursive: true, force: true }));

test("a second one is refused at once, and may go on when the first has ended or failed", async () => {
  const file = path.join(folder, "lock");
  const inner = () => alone(file, "another restore runs", () => Promise.resolve("inner"));
  await alone(file, "busy", async () => {
    await expect(inner()).rejects.toThrow("another restore runs");
  });
  expect(await inner()).toBe("inner");
  await expect(alone(file, "busy", () => Promise.reject(new Error("disk full")))).rejects.toThrow(
    "disk full",
  );
  expect(await inner()).toBe("inner");
});
