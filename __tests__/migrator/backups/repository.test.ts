/** On restic itself: jobs that start at the same time on a repository that is not there yet. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { cacheFolder } from "../../../lab/servers/cache";
import { backupTag, forgetOld, groupOf, marksOf, tagsOf } from "../../../migrator/backups/kept";
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

const job = (key = "key") =>
  new Repository(
    {
      RESTIC_REPOSITORY: path.join(folder, "repository"),
      RESTIC_PASSWORD: key,
      RESTIC_CACHE_DIR: path.join(folder, "cache"),
    },
    path.join(folder, "lock"),
    new AbortController().signal,
  );

(here ? test : test.skip)("the policy never takes the backups of a server that was lost", async () => {
  // GIVEN two of a lost server, then more of a new one than the policy keeps
  const repository = job();
  await repository.ensure();
  const stage = path.join(folder, "stage");
  await fs.mkdir(stage);
  const made = async (system: number, day: number, hour = 3) => {
    const at = `2026-09-0${day}`;
    await fs.writeFile(path.join(stage, "manifest.json"), at);
    const wal = { folder: `${system}-1`, start: "000000010000000000000001" };
    const marks = { id: `${system} of ${day} at ${hour}`, reachableFrom: `${at}T0${hour}:00:00Z`, wal };
    await repository.store(stage, groupOf(marks), tagsOf(marks), `${at} 0${hour}:00:00`);
    return marks;
  };
  await made(7, 1);
  await made(7, 2);
  for (const day of [3, 4, 5, 6]) await made(8, day);

  // WHEN
  const left = await repository.keep(backupTag, ["--keep-last=1"], true);

  // THEN
  const ids = (all: typeof left) => all.map((one) => marksOf(one)!.id);
  expect(ids(left)).toEqual(["7 of 2 at 3", "8 of 6 at 3"]);
  expect(ids(await repository.list(backupTag))).toEqual(ids(left));

  // WHEN THEN the clock had been an hour ahead: the one that was just made stays
  const right = await made(8, 6, 2);
  const keep = { daily: 7, weekly: 4, monthly: 12, pointInTimeDays: 7 };
  expect(ids(await forgetOld(repository, right, keep))).toContain(right.id);
  await expect(job("another").ensure()).rejects.toThrow("the key in Vault does not open the repository");
});

(here ? test : test.skip)("a lock that a killed command has left does not stop the policy", async () => {
  const repository = job();
  await repository.ensure();
  const stage = path.join(folder, "stage");
  await fs.mkdir(stage);
  const data = path.join(stage, "data");
  await fs.writeFile(data, randomBytes(96 << 20));
  const env = {
    PATH: process.env.PATH,
    RESTIC_REPOSITORY: path.join(folder, "repository"),
    RESTIC_PASSWORD: "key",
  };
  const child = spawn("restic", ["backup", "--quiet", "--limit-upload", "1000", stage], {
    env,
    stdio: "ignore",
  });
  const locks = path.join(folder, "repository/locks");
  const held = async () => (await fs.readdir(locks)).filter((name) => !name.includes("-tmp-"));
  while ((await held()).length === 0) await new Promise((resolve) => setImmediate(resolve));
  child.kill("SIGKILL");
  await once(child, "close");
  expect(await held()).toHaveLength(1);

  expect(await repository.keep(backupTag, ["--keep-last=1"], true)).toEqual([]);
  expect(await held()).toEqual([]);
});

(here ? test : test.skip)("one of them makes it, and all can use it", async () => {
  const jobs = [job(), job(), job(), job()];
  const made = await Promise.all(jobs.map((one) => one.ensure()));
  expect(made.filter(Boolean)).toHaveLength(1);
  for (const one of jobs) expect(await one.list(backupTag)).toEqual([]);
});
