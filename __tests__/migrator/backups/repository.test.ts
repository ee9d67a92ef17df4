/** On restic itself: jobs that start at the same time on a repository that is not there yet. */
import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { cacheFolder } from "../../../lab/servers/cache";
import { backupTag } from "../../../migrator/backups/kept";
import { Repository } from "../../../migrator/backups/repository";

/** Built by `npm run lab -- backups`. */
const restic = path.join(cacheFolder(), "restic-0.18.1");
const here = existsSync(restic);
if (!here) console.log("skipped: restic is not in the lab's cache");

jest.setTimeout(120_000);

const before = process.env.PATH;
let folder: string;
beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(tmpdir(), "pgmoor-repository-"));
  await fs.mkdir(path.join(folder, "bin"));
  if (here) await fs.symlink(restic, path.join(folder, "bin/restic"));
  process.env.PATH = `${path.join(folder, "bin")}:${before}`;
});
afterEach(async () => {
  process.env.PATH = before;
  await fs.rm(folder, { recursive: true, force: true });
});

(here ? test : test.skip)("one of them makes it, and all can use it", async () => {
  const job = () =>
    new Repository(
      {
        RESTIC_REPOSITORY: path.join(folder, "repository"),
        RESTIC_PASSWORD: "key",
        RESTIC_CACHE_DIR: path.join(folder, "cache"),
      },
      path.join(folder, "lock"),
      new AbortController().signal,
    );
  const jobs = [job(), job(), job(), job()];
  const made = await Promise.all(jobs.map((one) => one.ensure()));
  expect(made.filter(Boolean)).toHaveLength(1);
  for (const one of jobs) expect(await one.list(backupTag)).toEqual([]);
});
