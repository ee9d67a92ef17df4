/** Backups that are cut short: the last good one stays, nothing half is listed, and the failure is reported. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { processes, signalEach } from "../servers/processes";
import { writeSecret } from "../servers/vault";
import { waitFor } from "../servers/wait";
import { asAdmin, readSecret } from "../story/context";
import { expectThat } from "../story/expectations";
import { volumeOf, type Ground } from "./ground";
import { backUp, ended, force, running, type Ended } from "./jobs";
import { halfBackups, listed } from "./repository";
import { stored } from "./restores";

interface Cut {
  readonly name: string;
  /** Runs a backup that fails. */
  readonly run: (ground: Ground) => Promise<Ended>;
  /** What the failure says. */
  readonly says: RegExp;
}

const job = "pgmoor-backup";

const cuts: readonly Cut[] = [
  {
    name: "killed",
    run: async (ground) => {
      const run = await force(ground, job);
      const allocation = await running(ground, run, "backup");
      await halfMade(ground);
      await killTasksOf(allocation.ID);
      return ended(ground, run, "backup");
    },
    says: /^$/,
  },
  {
    name: "disk full",
    run: async (ground) => {
      const run = await force(ground, job);
      await running(ground, run, "backup");
      await halfMade(ground);
      const filler = path.join(volumeOf(ground, "backups"), "filler");
      await fill(filler);
      const end = await ended(ground, run, "backup");
      await fs.rm(filler);
      return end;
    },
    says: /No space left|needed for a backup/,
  },
  {
    // restic waits for it for a quarter of an hour: somebody gives up earlier.
    name: "S3 gone in the middle, and the job stopped",
    run: async (ground) => {
      const run = await force(ground, job);
      await running(ground, run, "backup");
      await halfMade(ground);
      await ground.s3.server.kill();
      try {
        await storing(ground, run);
        await ground.nomad.stop(run);
        return await ended(ground, run, "backup");
      } finally {
        await ground.s3.server.start();
      }
    },
    says: /stopped by SIGTERM/,
  },
  {
    name: "wrong key",
    run: async (ground) => {
      const { lab } = ground;
      const secret = await readSecret(lab, "postgres/backup_key");
      await writeSecret(lab.vault, "postgres/backup_key", { password: "not this one" });
      try {
        return await backUp(ground);
      } finally {
        await writeSecret(lab.vault, "postgres/backup_key", secret);
      }
    },
    says: /the key in Vault does not open the repository/,
  },
];

/** @returns how many half backups were listed */
export async function cutShort(ground: Ground): Promise<number> {
  let half = 0;
  for (const cut of cuts) {
    const before = await listed(ground, "backup");
    const end = await cut.run(ground);
    expectThat(!end.succeeded, `a backup that is cut short (${cut.name}) should fail`, end.stdout);
    expectThat(cut.says.test(end.stderr), `the failure (${cut.name}) should say why`, end.stderr);
    const after = await listed(ground, "backup");
    expectThat(
      JSON.stringify(before) === JSON.stringify(after),
      `after a backup that was cut short (${cut.name}), the same ones should be listed`,
    );
    half += (await halfBackups(ground)).length;
    const recorded = await lastOutcome(ground);
    expectThat(
      // The one that was killed could not say so itself.
      recorded === "failed" || (cut.name === "killed" && recorded === null),
      `a backup that was cut short (${cut.name}) should be recorded as failed, and is ${recorded}`,
    );
    ground.say(`cut short, ${cut.name}: ${end.stderr.split("\n")[0] || "no word"}; the last good one stays`);
  }
  return half;
}

/** S3 is away for a moment in the middle of a backup, which waits for it. */
export async function outliveOutage(ground: Ground): Promise<void> {
  const run = await force(ground, job);
  await running(ground, run, "backup");
  await halfMade(ground);
  await ground.s3.server.kill();
  await storing(ground, run);
  await ground.s3.server.start();
  const end = await ended(ground, run, "backup");
  expectThat(end.succeeded, "a backup should outlive an outage of S3", end.stderr);
  ground.say("S3 was away while a backup was made: it is whole");
}

/** The receiver is away for longer than the server keeps its WAL: a restore over the gap is refused. */
export async function loseWal(ground: Ground): Promise<void> {
  const { nomad, say, deployment } = ground;
  await nomad.scale("pgmoor-wal", 0);
  await waitFor({ what: "pgmoor-wal has ended", deadlineSeconds: 60 }, async () =>
    (await nomad.allocations("pgmoor-wal")).every(({ ClientStatus }) => ClientStatus !== "running"),
  );
  await waitFor({ what: "the server gives the slot up", deadlineSeconds: 120 }, async () =>
    asAdmin(ground.lab, "postgres", async (client) => {
      await client.query("CREATE TABLE IF NOT EXISTS pgmoor.noise (n int)");
      for (let part = 0; part < 4; part++) {
        await client.query("INSERT INTO pgmoor.noise SELECT generate_series(1, 50000)");
        await client.query("TRUNCATE pgmoor.noise");
        await client.query("SELECT pg_switch_wal()");
      }
      await client.query("CHECKPOINT");
      const { rows } = await client.query<{ status: string }>(
        "SELECT wal_status AS status FROM pg_replication_slots WHERE slot_name = 'pgmoor_backup'",
      );
      return rows[0]?.status === "lost";
    }),
  );
  await nomad.scale("pgmoor-wal", 1);
  const time = await asAdmin(ground.lab, "postgres", async (client) => {
    const { rows } = await client.query<{ now: Date }>("SELECT clock_timestamp() AS now");
    return rows[0]!.now.getTime();
  });
  await stored(ground, time);
  const refused = await deployment.pgmoor(
    "restore",
    ["gitea", "--at", new Date(time).toISOString(), "--as", "over_the_gap"],
    {},
  );
  expectThat(
    !refused.succeeded && /WAL is missing|WAL ends before/.test(refused.output),
    "a restore over a gap of the WAL should be refused",
    refused.output,
  );
  say("WAL lost while nobody received it: a restore over the gap is refused; a new backup corrects it");
}

/** Waits until a backup is about to be stored. */
function storing({ nomad }: Ground, run: string): Promise<unknown> {
  return waitFor({ what: "the backup is about to be stored", deadlineSeconds: 60 }, async () => {
    const [allocation] = await nomad.allocations(run);
    const printed = allocation && (await nomad.log(allocation, "backup", "stdout"));
    return printed?.includes("storing it");
  });
}

/** Waits until some of a backup is there. */
function halfMade(ground: Ground): Promise<unknown> {
  const dumps = path.join(volumeOf(ground, "backups"), "stage", "dumps");
  return waitFor({ what: "a backup is half made", deadlineSeconds: 60, everyMs: 10 }, async () => {
    return (await fs.readdir(dumps)).length > 0;
  });
}

/** SIGKILL to everything that Nomad started for an allocation. */
async function killTasksOf(allocation: string): Promise<void> {
  const tasks = await processes(({ variables }) => variables.includes(`NOMAD_ALLOC_ID=${allocation}`));
  signalEach(tasks, "SIGKILL");
}

/** Takes all that is left of the file system. */
async function fill(file: string): Promise<void> {
  const handle = await fs.open(file, "w");
  const block = Buffer.alloc(1 << 20);
  try {
    for (;;) await handle.write(block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  } finally {
    await handle.close();
  }
}

async function lastOutcome(ground: Ground): Promise<string | null> {
  return asAdmin(ground.lab, "postgres", async (client) => {
    const { rows } = await client.query<{ outcome: string | null }>(
      "SELECT outcome FROM pgmoor.backups WHERE kind = 'backup' ORDER BY run DESC LIMIT 1",
    );
    return rows[0]?.outcome ?? null;
  });
}
