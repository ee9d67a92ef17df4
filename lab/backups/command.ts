/** `npm run lab -- backups`: PostgreSQL as pgmoor's own job, backed up, lost, restored. */
import { LabError } from "../lab-error";
import { serveStandIns } from "../ground";
import type { ServedProviders } from "../providers/serve";
import type { BootedLab } from "../servers/boot";
import { removeLab } from "../servers/stop";
import { messageOf } from "../servers/wait";
import { NomadApi } from "../story/nomad-api";
import { cutShort, loseWal, outliveOutage } from "./cut-short";
import { loseEverything } from "./disaster";
import { bootGround, layGround, type Ground } from "./ground";
import { backUp } from "./jobs";
import { expectManifests } from "./manifests";
import { loseTheMachine } from "./new-cluster";
import { checkAll, halfBackups } from "./repository";
import { backUpAndTest, dropDatabase, dropTable, restoreInPlace, type Told } from "./restores";
import { ArgumentWatch, searchForSecrets } from "./secrets";
import { Writers } from "./writers";

/** The last line of stdout is JSON; everything else goes to stderr. */
export async function runBackups(directory: string, keep: boolean): Promise<void> {
  const begun = performance.now();
  const seconds = () => Number(((performance.now() - begun) / 1000).toFixed(1));
  const say = (line: string) => console.error(line.replace(/^/gm, `${seconds().toFixed(0).padStart(4)} s  `));
  let booted: BootedLab | undefined;
  let providers: ServedProviders | undefined;
  const watch = new ArgumentWatch();
  try {
    booted = await bootGround(directory, say);
    providers = await serveStandIns(booted.lab, say);
    const ground = await layGround(booted, providers, say);
    const told: Told = { backups: 0, restored: 0, rowsEqual: false, pointInTime: false };
    const halfBackupsListed = await tell(ground, told);
    const secretsFound = await searchForSecrets(ground, watch);
    await end(booted, providers, directory, keep);
    console.log(
      JSON.stringify({
        ...told,
        halfBackupsListed,
        secretsFound,
        providers: providers === undefined ? "real" : "stand-in",
        seconds: seconds(),
      }),
    );
  } catch (error) {
    watch.stop();
    const failures = booted && (await new NomadApi(booted.lab).failures().catch(() => ""));
    if (failures) console.error(failures);
    await providers?.stop();
    if (keep) booted?.release();
    else await booted?.stop();
    throw new LabError(`${messageOf(error)}\nThe files and logs are in ${directory}.`, { cause: error });
  }
}

/** @returns how many half backups were listed */
async function tell(ground: Ground, told: Told): Promise<number> {
  const writers = new Writers();
  writers.start(ground.services);
  try {
    await backUpAndTest(ground, told);
    await dropTable(ground, writers, told);
    await dropDatabase(ground, writers, told);
    await restoreInPlace(ground, writers, told);
    let half = await cutShort(ground);
    await outliveOutage(ground);
    told.backups++;
    await loseWal(ground);
    const after = await backUp(ground);
    if (!after.succeeded) throw new Error(`the backup after all that failed: ${after.stderr}`);
    told.backups++;
    await loseEverything(ground, writers, told);
    await expectManifests(ground);
    await loseTheMachine(ground, writers, told);
    await checkAll(ground);
    half += (await halfBackups(ground)).length;
    return half;
  } finally {
    await writers.stopAll();
  }
}

async function end(
  booted: BootedLab,
  providers: ServedProviders | undefined,
  directory: string,
  keep: boolean,
): Promise<void> {
  await providers?.stop();
  if (keep) return booted.release();
  await booted.stop();
  await removeLab(directory);
}
