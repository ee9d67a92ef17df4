/** `npm run lab -- backups`: PostgreSQL as pgmoor's own job, backed up, lost, restored. */
import { runChapter } from "../chapter";
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

export function runBackups(directory: string, keep: boolean): Promise<void> {
  const watch = new ArgumentWatch();
  return runChapter(directory, keep, {
    boot: bootGround,
    async tell(booted, providers, say) {
      const ground = await layGround(booted, providers, say);
      const told: Told = { backups: 0, restored: 0, rowsEqual: false, pointInTime: false };
      const halfBackupsListed = await tell(ground, told);
      const secretsFound = await searchForSecrets(ground, watch);
      return { ...told, halfBackupsListed, secretsFound };
    },
    abandon: () => void watch.stop(),
  });
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
