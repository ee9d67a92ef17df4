import * as path from "node:path";
import { expectSuccess } from "../../story/expectations";
import type { Fault } from "../fault";
import { fill } from "../full-disk";
import { deployed, failedBack, moves, onSqlite } from "../steps";

/** Nomad's folder for allocations is a file system of its own in the faults' lab. */
export const fullScratch: Fault = {
  name: "disk-full-scratch",
  about: "the client's disk, where the scratch copy goes, is full",
  strikes: ["prepared"],
  withinSeconds: 20,
  async inject(bench, struck) {
    let since: number | undefined;
    for (const subject of onSqlite(struck)) {
      const empty = await fill(path.join(bench.lab.directory, "nomad/client/alloc"), 4 << 20);
      try {
        const outcome = await deployed(bench, subject, moves);
        const says = /\d MiB free, \d+ MiB needed for a scratch copy\. Free disk space there/;
        since = await failedBack(bench, subject, outcome, { task: "migrate", says, to: "source" });
      } finally {
        await empty();
      }
    }
    return since;
  },
  async tidy(bench, struck) {
    for (const subject of onSqlite(struck))
      expectSuccess(await deployed(bench, subject, { phase: "prepared" }), "the deploy as prepared");
  },
};
