/** `npm run lab -- monitoring`: Prometheus, postgres_exporter and the rules; every alert fires, and stops. */
import * as fs from "node:fs/promises";
import { backUp, testRestore } from "../backups/jobs";
import { runChapter } from "../chapter";
import { asAdmin } from "../story/context";
import { expectSuccess, expectThat } from "../story/expectations";
import { fireAll, type AlertsTold } from "./alerts";
import { askDashboard } from "./dashboard";
import { letGoOfAll } from "./faults";
import { bootWatchedGround, layWatchedGround, type WatchedGround } from "./ground";
import { drawDashboard } from "./picture";
import { searchForSecrets } from "./secrets";

/** @param picture a file that the dashboard is drawn into */
export function runMonitoring(directory: string, keep: boolean, picture: string | undefined): Promise<void> {
  return runChapter(directory, keep, {
    boot: bootWatchedGround,
    async tell(booted, providers, say) {
      const ground = await layWatchedGround(booted, providers, say);
      const alerts: AlertsTold = { alerts: 0, fired: 0, stopped: 0 };
      await haveBackups(ground);
      const queries = await askDashboard(ground);
      await showReport(ground);
      await fireAll(ground, alerts);
      if (picture !== undefined) await fs.writeFile(picture, await drawDashboard(ground.prometheus, 1800));
      const notices = ground.webhook.told("backup", "test-restore");
      const secretsFound = await searchForSecrets(ground);
      return { ...alerts, queries, notices, secretsFound };
    },
    abandon: letGoOfAll,
  });
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
