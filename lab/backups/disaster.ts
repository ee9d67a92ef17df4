/** The server's data directory is gone, and everything that was received of its WAL: only the S3 server and Vault are left. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { labName } from "../../environments/lab";
import { expectThat } from "../story/expectations";
import { waitForAnswer } from "../story/services";
import { contents, different } from "./contents";
import { asAdmin } from "../story/context";
import { volumeOf, type Ground } from "./ground";
import { restore, stored, type Told } from "./restores";
import type { Writers } from "./writers";

export async function loseEverything(ground: Ground, writers: Writers, told: Told): Promise<void> {
  const { say, services, lab } = ground;
  await writers.stopAll();
  const databases = services.map(({ name }) => name);
  const before = await contents(ground, databases);
  const now = await asAdmin(ground.lab, "postgres", async (client) => {
    const { rows } = await client.query<{ now: Date }>("SELECT clock_timestamp() AS now");
    return rows[0]!.now.getTime();
  });
  await stored(ground, now);
  await fs.rm(path.join(volumeOf(ground, "data"), "pgdata"), { recursive: true, force: true });
  for (const name of await fs.readdir(volumeOf(ground, "backups")))
    await fs.rm(path.join(volumeOf(ground, "backups"), name), { recursive: true, force: true });
  say("the data directory and the received WAL are gone");
  await restore(ground, "--all", "--confirm", labName(lab.directory));
  told.restored++;
  told.backups++;
  const differences = different(before, await contents(ground, databases));
  told.rowsEqual &&= differences.length === 0;
  expectThat(differences.length === 0, "every row should be back", differences.join("\n"));
  for (const service of services) await waitForAnswer(service, "server", 90);
  writers.start(services);
  say(`all of it is back: ${Object.keys(before).length} tables as they were, every service answers`);
}
