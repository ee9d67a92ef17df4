/** Sixty simulated days of backups, kept by restic itself: the set that is left is the one that the policy says. */
import { existsSync } from "node:fs";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { cacheFolder } from "../../../lab/servers/cache";
import { backupTag, groupOf, policyOf, tagsOf } from "../../../migrator/backups/kept";
import { Repository } from "../../../migrator/backups/repository";

/** Built by `npm run lab -- backups`. */
const restic = path.join(cacheFolder(), "restic-0.18.1");
const here = existsSync(restic) && process.env.PGMOOR_THOROUGH !== undefined;
if (!here)
  console.log("skipped: sixty days of retention need PGMOOR_THOROUGH, and restic in the lab's cache");

const keep = { daily: 7, weekly: 4, monthly: 12, pointInTimeDays: 7 };
const days = Array.from({ length: 60 }, (_, day) => new Date(Date.UTC(2026, 8, 3 + day, 3)));

let folder: string;
beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(tmpdir(), "pgmoor-retention-"));
});
afterAll(() => fs.rm(folder, { recursive: true, force: true }));

/** The ISO week's Monday. */
function monday(date: Date): string {
  const at = new Date(date);
  at.setUTCDate(at.getUTCDate() - ((at.getUTCDay() + 6) % 7));
  return at.toISOString().slice(0, 10);
}

/** By the words of the policy: of so many days, weeks and months that have backups, the newest of each. */
function expected(made: readonly Date[]): Set<string> {
  const newestFirst = [...made].sort((a, b) => b.getTime() - a.getTime());
  const kept = new Set<string>();
  const each = (count: number, period: (date: Date) => string) => {
    const seen: string[] = [];
    for (const date of newestFirst)
      if (!seen.includes(period(date)) && seen.length < count) {
        seen.push(period(date));
        kept.add(date.toISOString());
      }
    // As long as there are fewer periods than that, the oldest one stays, too.
    if (seen.length < count) kept.add(newestFirst.at(-1)!.toISOString());
  };
  each(keep.daily, (date) => date.toISOString().slice(0, 10));
  each(keep.weekly, monday);
  each(keep.monthly, (date) => date.toISOString().slice(0, 7));
  return kept;
}

(here ? test : test.skip)(
  "sixty days, with old ones forgotten every day",
  async () => {
    // GIVEN
    const bin = path.join(folder, "bin");
    await fs.mkdir(bin);
    await fs.symlink(restic, path.join(bin, "restic"));
    process.env.PATH = `${bin}:${process.env.PATH}`;
    const env = {
      RESTIC_REPOSITORY: path.join(folder, "repository"),
      RESTIC_PASSWORD: "key",
      RESTIC_CACHE_DIR: path.join(folder, "cache"),
    };
    const repository = new Repository(env, path.join(folder, "lock"), new AbortController().signal);
    await repository.ensure();
    const stage = path.join(folder, "stage");
    await fs.mkdir(stage);
    const made: Date[] = [];
    for (const day of days) {
      await fs.writeFile(path.join(stage, "manifest.json"), day.toISOString());
      const marks = {
        id: day.toISOString(),
        reachableFrom: day.toISOString(),
        wal: { folder: "7-1", start: "000000010000000000000001" },
      };

      // WHEN
      await repository.store(
        stage,
        groupOf(marks),
        tagsOf(marks),
        day.toISOString().replace("T", " ").slice(0, 19),
      );
      await repository.keep(backupTag, policyOf(keep), false);
      made.push(day);

      // THEN the same ones are left as if they had all been there to this day
      const left = (await repository.list(backupTag)).map(({ time }) => time.toISOString());
      expect(left).toContain(day.toISOString());
      if (day.getUTCDate() % 10 === 0 || made.length === days.length)
        expect(new Set(left)).toEqual(expected(made));
    }
  },
  900_000,
);
