import * as fs from "node:fs/promises";
import type { Bench } from "./bench";
import type { Fault } from "./fault";
import type { Subject } from "./subjects";

/** Puts an empty folder that no task may write to in the place of a volume's, as a mount point without its mount. */
async function empty(bench: Bench, volume: string): Promise<void> {
  const folder = bench.lab.volumes[volume]!;
  await fs.rename(folder, `${folder}.away`);
  await fs.mkdir(folder, { mode: 0o755 });
}

async function fill(bench: Bench, volume: string): Promise<void> {
  const folder = bench.lab.volumes[volume]!;
  await fs.rm(folder, { recursive: true });
  await fs.rename(`${folder}.away`, folder);
}

/** In `cutover` the job still asks for the volume: it is empty, as when a NAS is not mounted. */
function emptied(name: string, about: string, volumesOf: (struck: readonly Subject[]) => string[]): Fault {
  return {
    name,
    about,
    strikes: ["cutover"],
    async inject(bench, struck) {
      // An allocation that runs would go on with the folder that it has.
      for (const volume of volumesOf(struck)) await empty(bench, volume);
      await bench.loseAllocations(struck);
    },
    async tidy(bench, struck) {
      for (const volume of volumesOf(struck)) await fill(bench, volume);
    },
  };
}

export const volumesGone = [
  emptied(
    "source-volume-gone",
    "the source file is no longer in its volume, and the allocation is lost",
    (struck) => struck.map(({ service }) => service.volume),
  ),
  emptied(
    "snapshot-volume-gone",
    "the snapshots' volume is empty and read-only, and the allocation is lost",
    () => ["snapshots"],
  ),
];
