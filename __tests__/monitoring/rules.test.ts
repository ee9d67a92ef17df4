/** The alert rules, judged by Prometheus's own promtool: each fires when it should, and does not when it should not. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Environment } from "../../environments/model/environment";
import { cacheFolder } from "../../lab/servers/cache";
import { alertRules, rulesFile } from "../../monitoring/rules";
import { toVolume, withServer } from "../stacks/own-stacks";

const environment: Environment = {
  ...withServer({}, toVolume),
  monitoring: { runbooks: "https://docs.example.org/alerts" },
  passwordMaxAgeDays: 90,
};

/** A series, and its values from the first minute on, in promtool's notation. */
type Series = readonly [series: string, values: string];

interface Case {
  readonly alert: string;
  readonly page: string;
  readonly fires: readonly Series[];
  readonly quiet: readonly Series[];
  /** When both are looked at. */
  readonly at: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
}

const up: Series = ['up{job="pgmoor", instance="pgmoor-monitoring"}', "1x1000000"];

const cases: readonly Case[] = [
  {
    alert: "PgmoorMonitoringDown",
    page: "monitoring-down",
    fires: [['up{job="pgmoor"}', "0x10"]],
    quiet: [up],
    at: "5m",
    labels: { severity: "critical" },
    summary: "Prometheus gets no metrics of the central PostgreSQL: nothing else here can warn",
  },
  {
    alert: "PgmoorServerDown",
    page: "server-down",
    fires: [['pg_up{job="pgmoor"}', "0x10"]],
    // A restart of a minute.
    quiet: [['pg_up{job="pgmoor"}', "1 1 1 0 1 1 1"]],
    at: "4m",
    labels: { severity: "critical", job: "pgmoor" },
    summary: "The central PostgreSQL does not answer",
  },
  {
    alert: "PgmoorServiceDown",
    page: "service-down",
    fires: [['pgmoor_service_up{service="gitea"}', "0x10"]],
    quiet: [['pgmoor_service_up{service="gitea"}', "0 0 1 0 0 1"]],
    at: "5m",
    labels: { severity: "critical", service: "gitea" },
    summary: "gitea is down: its job does not run, or its health check fails",
  },
  {
    alert: "PgmoorConnectionsNearLimit",
    page: "connections",
    fires: [
      ['pgmoor_role_connections{role="gitea"}', "9x10"],
      ['pgmoor_role_connection_limit{role="gitea"}', "10x10"],
    ],
    quiet: [
      ['pgmoor_role_connections{role="gitea"}', "8x10"],
      ['pgmoor_role_connection_limit{role="gitea"}', "10x10"],
    ],
    at: "7m",
    labels: { severity: "warning", role: "gitea" },
    summary: "The role gitea uses 90% of its connections",
  },
  {
    alert: "PgmoorLongTransaction",
    page: "long-transaction",
    fires: [['pgmoor_transaction_oldest_seconds{role="gitea"}', "660"]],
    quiet: [['pgmoor_transaction_oldest_seconds{role="gitea"}', "600"]],
    at: "0m",
    labels: { severity: "warning", role: "gitea" },
    summary: "The role gitea has a transaction open for 11m 0s",
  },
  {
    alert: "PgmoorAutovacuumBehind",
    page: "autovacuum",
    fires: [['pgmoor_table_vacuum_due{datname="gitea", schemaname="public", relname="action"}', "3x15"]],
    quiet: [['pgmoor_table_vacuum_due{datname="gitea", schemaname="public", relname="action"}', "1.5x15"]],
    at: "12m",
    labels: { severity: "warning", datname: "gitea", schemaname: "public", relname: "action" },
    summary: "Autovacuum does not keep up with public.action in gitea",
  },
  {
    alert: "PgmoorWraparound",
    page: "wraparound",
    fires: [['pgmoor_database_transaction_age{datname="gitea"}', "1500000000x5"]],
    // What autovacuum lets it come to by default.
    quiet: [['pgmoor_database_transaction_age{datname="gitea"}', "200000000x5"]],
    at: "3m",
    labels: { severity: "critical", datname: "gitea" },
    summary: "gitea was not frozen for 1.5G transactions; at 2 billion PostgreSQL stops",
  },
  {
    alert: "PgmoorCertificateEnds",
    page: "certificate",
    fires: [["pgmoor_certificate_ends_timestamp_seconds", "518400"]],
    quiet: [["pgmoor_certificate_ends_timestamp_seconds", "691200"]],
    at: "0m",
    labels: { severity: "warning" },
    summary: "The certificate of the central PostgreSQL ends in 6d 0h 0m 0s",
  },
  {
    alert: "PgmoorCouldBeSettled",
    page: "settle",
    fires: [['pgmoor_move_confirmed_timestamp_seconds{service="gitea", phase="cutover"}', "0x400"]],
    quiet: [
      ['pgmoor_move_confirmed_timestamp_seconds{service="gitea", phase="settled"}', "0x400"],
      ['pgmoor_move_confirmed_timestamp_seconds{service="young", phase="cutover"}', "172800x400"],
    ],
    at: "15d",
    labels: { severity: "info", service: "gitea", phase: "cutover" },
    summary: "gitea has run on the server for two weeks: it can be settled",
  },
  {
    alert: "PgmoorArchiveStalled",
    page: "archive",
    fires: [["pgmoor_archiver_failing", "1x10"]],
    quiet: [["pgmoor_archiver_failing", "0x10"]],
    at: "7m",
    labels: { severity: "critical" },
    summary: "The archive_command of the central PostgreSQL fails: WAL stays on its disk",
  },
  {
    alert: "PgmoorFactsOld",
    page: "facts",
    fires: [["pgmoor_facts_asked_timestamp_seconds", "0x20"]],
    quiet: [["pgmoor_facts_asked_timestamp_seconds", "0+60x20"]],
    at: "11m",
    labels: { severity: "warning" },
    summary: "pgmoor last looked at the services 11m 0s ago",
  },
  {
    alert: "PgmoorFactsIncomplete",
    page: "facts",
    fires: [["pgmoor_facts_unknown", "2x20"]],
    quiet: [["pgmoor_facts_unknown", "0x20"]],
    at: "12m",
    labels: { severity: "warning" },
    summary: "Some metrics are missing; the logs of the job pgmoor-monitoring say why",
  },
  {
    alert: "PgmoorBackupOld",
    page: "backup-old",
    fires: [['pgmoor_backup_newest_timestamp_seconds{service="gitea"}', "0x2000"]],
    quiet: [['pgmoor_backup_newest_timestamp_seconds{service="gitea"}', "7200x2000"]],
    at: "27h",
    labels: { severity: "critical", service: "gitea" },
    summary: "The newest backup of gitea is 1d 3h 0m 0s old",
  },
  {
    alert: "PgmoorBackupFailed",
    page: "backup-failed",
    fires: [["pgmoor_backups_failed", "1"]],
    quiet: [["pgmoor_backups_failed", "0"]],
    at: "0m",
    labels: { severity: "warning" },
    summary: "The last backup failed",
  },
  {
    alert: "PgmoorRestoreTestFailed",
    page: "restore-test-failed",
    fires: [["pgmoor_backups_test_failed", "1"]],
    quiet: [["pgmoor_backups_test_failed", "0"]],
    at: "0m",
    labels: { severity: "critical" },
    summary: "The last restore test failed: the newest backup may be of no use",
  },
  {
    alert: "PgmoorRestoreTestOld",
    page: "restore-test-old",
    fires: [['pgmoor_backup_proved_timestamp_seconds{service="gitea"}', "0x400"]],
    quiet: [['pgmoor_backup_proved_timestamp_seconds{service="gitea"}', "172800x400"]],
    at: "9d",
    labels: { severity: "warning", service: "gitea" },
    summary: "No backup of gitea was restored for a test for 9d 0h 0m 0s",
  },
  {
    alert: "PgmoorWalStalled",
    page: "archive",
    fires: [["pgmoor_backups_wal_stored_timestamp_seconds", "0x30"]],
    quiet: [["pgmoor_backups_wal_stored_timestamp_seconds", "0+60x30"]],
    at: "20m",
    labels: { severity: "critical" },
    summary: "No WAL was stored for 20m 0s: a restore cannot go beyond that",
  },
  {
    alert: "PgmoorDiskFills",
    page: "disk",
    fires: [
      // It shrinks by 0.4 GB in an hour: 38 GB in four days.
      ["pgmoor_disk_free_bytes", `30000000000-6666666x400`],
      ["pgmoor_disk_bytes", "100000000000x400"],
    ],
    quiet: [
      // As much, of a disk with plenty left.
      ["pgmoor_disk_free_bytes", `90000000000-6666666x400`],
      ["pgmoor_disk_bytes", "100000000000x400"],
    ],
    at: "6h",
    labels: { severity: "critical" },
    summary:
      "The disk with the server's data is nearly full, or will be within four days at the growth of the last six hours",
  },
  {
    alert: "PgmoorPasswordOld",
    page: "password",
    fires: [['pgmoor_password_changed_timestamp_seconds{service="gitea"}', "0x400"]],
    quiet: [['pgmoor_password_changed_timestamp_seconds{service="gitea"}', "172800x400"]],
    at: "91d",
    labels: { severity: "info", service: "gitea" },
    summary: "The password of gitea is older than 90 days",
  },
];

/** Values a minute apart, and for what takes days, six hours. */
const intervalOf = ({ at }: Case) => (at.endsWith("d") ? "6h" : "1m");

function testOf(one: Case, series: readonly Series[], expected: readonly unknown[]) {
  return {
    interval: intervalOf(one),
    input_series: series.map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [{ eval_time: one.at, alertname: one.alert, exp_alerts: expected }],
  };
}

let folder: string;
const version = /prometheus v(\S+)/.exec(
  readFileSync(join(__dirname, "../../lab/servers/prometheus/go.mod"), "utf8"),
)![1];
const promtool = join(cacheFolder(), `promtool-${version}`);
const withPromtool = existsSync(promtool) ? describe : describe.skip;
if (!existsSync(promtool))
  console.log(`promtool is not built (npm run lab -- monitoring builds it): the alert rules are not judged`);

withPromtool("promtool", () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "pgmoor-rules-"));
    writeFileSync(join(folder, "rules.yml"), rulesFile(environment));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (...args: string[]): string => {
    try {
      return execFileSync(promtool, args, { encoding: "utf8", cwd: folder, stdio: "pipe" });
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      throw new Error(`${stdout}${stderr}`, { cause: error });
    }
  };

  test("the file is one of rules", () => {
    expect(run("check", "rules", "--lint=all", "--lint-fatal", "rules.yml")).toContain(
      `SUCCESS: ${cases.length} rules found`,
    );
  });

  test("each alert fires when it should, with its words and its page", () => {
    judge((one) =>
      testOf(one, one.fires, [
        {
          exp_labels: one.labels,
          exp_annotations: {
            summary: one.summary,
            runbook_url: `https://docs.example.org/alerts/${one.page}.md`,
          },
        },
      ]),
    );
  });

  test("none fires when it should not", () => {
    judge((one) => testOf(one, one.quiet, []));
  });

  function judge(test: (one: Case) => unknown): void {
    // What takes days is not evaluated at each minute of them.
    for (const interval of new Set(cases.map(intervalOf))) {
      const tests = cases.filter((one) => intervalOf(one) === interval).map(test);
      writeFileSync(
        join(folder, "tests.yml"),
        JSON.stringify({ rule_files: ["rules.yml"], evaluation_interval: interval, tests }),
      );
      expect(run("test", "rules", "tests.yml")).toContain("SUCCESS");
    }
  }
});

test("there is a case for each alert", () => {
  expect(
    alertRules(environment)
      .map(({ alert }) => alert)
      .sort(),
  ).toEqual(cases.map(({ alert }) => alert).sort());
});

test("each alert has a page in docs/alerts, and each page an alert", () => {
  const pages = readdirSync(join(__dirname, "../../docs/alerts"));
  const { monitoring: _, ...rest } = environment;
  const linked = alertRules({ ...rest, monitoring: {} }).map(({ annotations }) => annotations.runbook_url);
  expect([...new Set(linked)].sort()).toEqual(pages.map((page) => `docs/alerts/${page}`).sort());
});

test("what cannot be measured does not alert", () => {
  const { backups: _, passwordMaxAgeDays: __, ...rest } = environment;
  const { job: ___, ...server } = rest.server;
  const names = alertRules({ ...rest, server }).map(({ alert }) => alert);
  expect(names).not.toContain("PgmoorBackupOld");
  expect(names).not.toContain("PgmoorDiskFills");
  expect(names).not.toContain("PgmoorPasswordOld");
  expect(names).toContain("PgmoorServerDown");
});
