import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { Bench } from "./bench";
import type { Fault } from "./fault";

const name = "migrator-image-gone";
const bundle = ({ lab }: Bench) => path.join(lab.programs, "pgmoor-migrator.cjs");

export const takeAway = (bench: Bench) => fs.rename(bundle(bench), `${bundle(bench)}.away`);
export const putBack = (bench: Bench) => fs.rename(`${bundle(bench)}.away`, bundle(bench));

/** In `cutover` a start still runs the migrator, to ask the ledger: it waits for the image as for a server. */
export const migratorImageAway: Fault = {
  name,
  about:
    "the migrator's image cannot be fetched, and the allocation is lost; in cutover the image comes back later",
  strikes: ["cutover"],
  async inject(bench, struck) {
    await takeAway(bench);
    await bench.loseAllocations(struck);
    await bench.missed(struck);
    await putBack(bench);
  },
};
