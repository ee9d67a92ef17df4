/** `npm run lab -- monitoring`: Prometheus, postgres_exporter and the rules; every alert fires, and stops. */
import * as fs from "node:fs/promises";
import { backUp, testRestore } from "../backups/jobs";
import { serveStandIns } from "../ground";
import { LabError } from "../lab-error";
import type { ServedProviders } from "../providers/serve";
import type { BootedLab } from "../servers/boot";
import { removeLab } from "../servers/stop";
import { messageOf } from "../servers/wait";
import { asAdmin } from "../story/context";
import { expectSuccess, expectThat } from "../story/expectations";
import { NomadApi } from "../story/nomad-api";
import { fireAll, type AlertsTold } from "./alerts";
import { askDashboard } from "./dashboard";
import { letGoOfAll } from "./faults";
import { bootWatchedGround, layWatchedGround, type WatchedGround } from "./ground";
import { drawDashboard } from "./picture";
import { searchForSecrets } from "./secrets";

/**
 * The last line of stdout is JSON; everything else goes to stderr.
 * @param picture a file that the dashboard is drawn into
 */
export async function runMonitoring(
  directory: string,
  keep: boolean,
  picture: string | undefined,
): Promise<void> {
  const begun = performance.now();
  const seconds = () => Number(((performance.now() - begun) / 1000).toFixed(1));
  const say = (line: string) => console.error(line.replace(/^/gm, `${seconds().toFixed(0).padStart(4)} s  `));
  let booted: BootedLab | undefined;
  let providers: ServedProviders | undefined;
  const told: AlertsTold = { alerts: 0, fired: 0, stopped: 0 };
  try {
    booted = await bootWatchedGround(directory, say);
    providers = await serveStandIns(booted.lab, say);
    const ground = await layWatchedGround(booted, providers, say);
    await haveBackups(ground);
    const queries = await askDashboard(ground);
    await showReport(ground);
    await fireAll(ground, told);
    if (picture !== undefined) await fs.writeFile(picture, await drawDashboard(ground.prometheus, 1800));
    const notices = ground.webhook.told("backup", "test-restore");
    const secretsFound = await searchForSecrets(ground);
    await providers?.stop();
    if (keep) booted.release();
    else {
      await booted.stop();
      await removeLab(directory);
    }
    console.log(
      JSON.stringify({
        ...told,
        queries,
        notices,
        secretsFound,
        providers: providers === undefined ? "real" : "stand-in",
        seconds: seconds(),
      }),
    );
  } catch (error) {
    await letGoOfAll();
    const failures = booted && (await new NomadApi(booted.lab).failures().catch(() => ""));
    if (failures) console.error(failures);
    await providers?.stop();
    if (keep) booted?.release();
    else await booted?.stop();
    throw new LabError(`${messageOf(error)}\nThe files and logs are in ${directory}.`, { cause: error });
  }
}

/** `pgmoor report` on real databases, with what pg_stat_statements has counted of them. */
async function showReport({ deployment, say }: WatchedGround): Promise<void> {
  const outcome = await deployment.pgmoor("report", ["--json"], {});
  expectSuccess(outcome, "pgmoor report");
  const last = outcome.output.trim().split("\n").at(-1)!;
  const { statements, databases } = JSON.parse(last) as {
    statements: readonly { readonly query: string }[];
    databases: readonly unknown[];
  };
  expectThat(statements.length > 0, "the report should have statements", last);
  const typed = statements.filter(
    ({ query }) => /password/i.test(query) && /^\s*(ALTER|CREATE)/i.test(query),
  );
  expectThat(typed.length === 0, "the report should have no statement that sets a password");
  say(`report: ${statements.length} statements, ${databases.length} databases`);
}

/** A backup and a restore test, so that nothing warns of them. */
async function haveBackups(ground: WatchedGround): Promise<void> {
  // Off at the start, so that a command that fails can be given later without a restart.
  await asAdmin(ground.lab, "postgres", (client) =>
    client.query("ALTER SYSTEM SET archive_command = 'true'"),
  );
  await asAdmin(ground.lab, "postgres", (client) => client.query("SELECT pg_reload_conf()"));
  for (const job of [backUp, testRestore]) {
    const { succeeded, stderr } = await job(ground);
    expectThat(succeeded, "the first backup and its restore test should succeed", stderr);
  }
  ground.say("backed up, and restored for a test");
}
