/** Asks Prometheus every query of the dashboard, as Grafana would. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { waitFor } from "../servers/wait";
import type { WatchedGround } from "./ground";

interface Model {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

/** @returns how many queries there are; all of them have answered with data */
export async function askDashboard({ prometheus, files, say }: WatchedGround): Promise<number> {
  const { panels } = JSON.parse(
    await fs.readFile(path.join(files, "pgmoor.dashboard.json"), "utf8"),
  ) as Model;
  let queries = 0;
  for (const { title, targets } of panels)
    for (const { expr } of targets) {
      await waitFor(
        { what: `"${title}" has data (${expr})`, deadlineSeconds: 180, everyMs: 1000 },
        async () => (await prometheus.query(expr)).length > 0,
      );
      queries++;
    }
  say(`${queries} queries of the dashboard answer with data`);
  return queries;
}
