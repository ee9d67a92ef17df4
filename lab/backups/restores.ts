/** Backups and restores as a person runs them. */
import { waitFor } from "../servers/wait";
import { expectSuccess, expectThat } from "../story/expectations";
import { waitForAnswer } from "../story/services";
import { contents, different } from "./contents";
import { asAdmin } from "../story/context";
import type { Ground } from "./ground";
import { backUp, testRestore } from "./jobs";
import { listed } from "./repository";
import type { Writers } from "./writers";

/** What the last line says. */
export interface Told {
  backups: number;
  restored: number;
  rowsEqual: boolean;
  pointInTime: boolean;
}

/** Backs up under writes, has the test restore it, and looks at what status says. */
export async function backUpAndTest(ground: Ground, told: Told): Promise<void> {
  const { say, deployment } = ground;
  const backup = await backUp(ground);
  expectThat(backup.succeeded, "the first backup should have succeeded", backup.stderr);
  told.backups++;
  say(`backup: ${backup.stdout.split("\n").at(-1)}`);
  const unproved = await deployment.pgmoor("status", ["--json"], {});
  expectThat(
    unproved.output.includes('"proved":null'),
    "status should call a backup that was never restored unproved",
    unproved.output,
  );
  const test = await testRestore(ground);
  expectThat(test.succeeded, "the restore test should have succeeded", test.stderr);
  told.restored++;
  expectThat(
    test.stdout.includes("amcheck: every page") &&
      (test.stdout.match(/its query answers true/g) ?? []).length === 3,
    "the restore test should have checked the pages, and asked the three services' queries",
    test.stdout,
  );
  say(`restore test: ${test.stdout.split("\n").at(-1)}`);
  const status = await deployment.pgmoor("status", [], {});
  expectThat(/old, proved/.test(status.output), "status should say that the backup is proved", status.output);
}

/** A table is dropped at a known moment, and is back as it was one second before, in a database beside the running one. */
export async function dropTable(ground: Ground, writers: Writers, told: Told): Promise<void> {
  const { say } = ground;
  await asAdmin(ground.lab, "gitea", (client) =>
    client.query(
      "CREATE TABLE precious AS SELECT n, md5(n::text) AS value FROM generate_series(1, 5000) AS n",
    ),
  );
  const before = await contents(ground, ["gitea"]);
  const created = await clock(ground);
  await waitFor({ what: "the table is older than a second", deadlineSeconds: 10 }, async () => {
    return (await clock(ground)) > created + 1500;
  });
  const dropped = await asAdmin(ground.lab, "gitea", async (client) => {
    await client.query("BEGIN");
    const { rows } = await client.query<{ now: Date }>("SELECT now() AS now");
    await client.query("DROP TABLE precious");
    await client.query("COMMIT");
    return rows[0]!.now.getTime();
  });
  await stored(ground, dropped);
  const at = new Date(dropped - 1000);
  const restored = await restore(ground, "gitea", "--at", at.toISOString(), "--as", "gitea_earlier");
  told.restored++;
  const after = await contents(ground, ["gitea_earlier"]);
  const [wanted, found] = [before["gitea public.precious"], after["gitea_earlier public.precious"]];
  expectThat(wanted === found, `the table should be back as it was: ${wanted}, and is ${found}`);
  // A note whose answer came by then was committed by then.
  const notes = Number((after["gitea_earlier public.notes"] ?? "0").split(" ")[0]);
  const least = writers.by("gitea", at.getTime());
  expectThat(notes >= least, `${least} notes were acknowledged by then, and ${notes} are there`);
  const later = await asAdmin(ground.lab, "gitea_earlier", async (client) => {
    const { rows } = await client.query<{ n: number }>("SELECT max(n) AS n FROM notes");
    return rows[0]!.n;
  });
  expectThat(
    later < writers.by("gitea", Date.now()),
    "notes that were written after that second should not be there",
  );
  told.pointInTime = true;
  say(`a table dropped at ${new Date(dropped).toISOString()} is back as of ${at.toISOString()}: ${restored}`);
}

/** A database is dropped, and comes back from the newest backup with every row. */
export async function dropDatabase(ground: Ground, writers: Writers, told: Told): Promise<void> {
  const { say, services } = ground;
  await writers.stop("freshrss");
  const before = await contents(ground, ["freshrss"]);
  const backup = await backUp(ground);
  expectThat(backup.succeeded, "the second backup should have succeeded", backup.stderr);
  told.backups++;
  await asAdmin(ground.lab, "postgres", (client) => client.query("DROP DATABASE freshrss WITH (FORCE)"));
  await restore(ground, "freshrss");
  told.restored++;
  const differences = different(before, await contents(ground, ["freshrss"]));
  told.rowsEqual = differences.length === 0;
  expectThat(told.rowsEqual, "every row of freshrss should be back", differences.join("\n"));
  const service = services.find(({ name }) => name === "freshrss")!;
  const { items } = await waitForAnswer(service, "server", 60);
  say(`freshrss was dropped and restored: ${items} notes, its service answers again by itself`);
}

/** In the place of the running database, which is kept. */
export async function restoreInPlace(ground: Ground, writers: Writers, told: Told): Promise<void> {
  const { deployment, services, say } = ground;
  await writers.stop("grafana");
  const refused = await deployment.pgmoor("restore", ["grafana", "--confirm", "grafan"], {});
  expectThat(
    !refused.succeeded && refused.output.includes("nothing was touched"),
    "a name that is not typed in full should be refused",
    refused.output,
  );
  const before = await contents(ground, ["grafana"]);
  await restore(ground, "grafana", "--confirm", "grafana");
  told.restored++;
  const service = services.find(({ name }) => name === "grafana")!;
  await waitForAnswer(service, "server", 60);
  const kept = await asAdmin(ground.lab, "postgres", async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "SELECT datname AS name FROM pg_database WHERE datname LIKE 'grafana_before_%'",
    );
    return rows.map(({ name }) => name);
  });
  expectThat(kept.length === 1, "the database as it was should be kept");
  const old = await asAdmin(ground.lab, "postgres", async (client) => {
    await client.query(`ALTER DATABASE ${kept[0]!} ALLOW_CONNECTIONS true`);
    return contents(ground, [kept[0]!]);
  });
  expectThat(
    Object.values(old).join() === Object.values(before).join(),
    "the kept database should be what it was",
  );
  say(`grafana was restored in its place, its database of before is ${kept[0]}`);
}

/** @returns the command's last line */
export async function restore({ deployment }: Ground, ...args: string[]): Promise<string> {
  const outcome = await deployment.pgmoor("restore", [...args, "--json"], {});
  expectSuccess(outcome, `pgmoor restore ${args.join(" ")}`);
  return outcome.output.trim().split("\n").at(-1)!;
}

/** The server's clock, in milliseconds. */
export async function clock(ground: Ground): Promise<number> {
  return asAdmin(ground.lab, "postgres", async (client) => {
    const { rows } = await client.query<{ now: Date }>("SELECT clock_timestamp() AS now");
    return rows[0]!.now.getTime();
  });
}

/** Waits until the repository has the WAL beyond a point. */
export async function stored(ground: Ground, time: number): Promise<void> {
  const what = "the WAL is in the repository";
  const noted = await waitFor({ what, deadlineSeconds: 60, everyMs: 200 }, async () =>
    asAdmin(ground.lab, "postgres", async (client) => {
      const { rows } = await client.query<{ stored: Date }>("SELECT stored FROM pgmoor.wal");
      const at = rows[0]?.stored.getTime() ?? 0;
      return at > time && at;
    }),
  );
  await waitFor({ what, deadlineSeconds: 60, everyMs: 300 }, async () => {
    const newest = (await listed(ground, "wal")).at(-1);
    return newest !== undefined && Date.parse(newest.time) > noted;
  });
}
