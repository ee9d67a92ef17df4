/** Prometheus's alert rules for an environment. They use metrics of `constructs/monitoring/queries.ts`, and `pg_up`. */
import type { Environment } from "../environments/model/environment";
import { prometheusJob } from "./scrape";

/** Source: https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/ */
export interface Rule {
  readonly alert: string;
  readonly expr: string;
  /** How long it must hold. @default at once */
  readonly for?: string;
  readonly labels: { readonly severity: "critical" | "warning" | "info" };
  readonly annotations: {
    readonly summary: string;
    readonly runbook_url: string;
  };
}

const day = 86_400;

/** What an alert is about; `page` is its page in `docs/alerts/`. */
interface Alert {
  readonly alert: string;
  readonly page: string;
  readonly expr: string;
  readonly for?: string;
  readonly severity: Rule["labels"]["severity"];
  readonly summary: string;
}

const always: readonly Alert[] = [
  {
    alert: "PgmoorMonitoringDown",
    page: "monitoring-down",
    expr: `absent(up{job="${prometheusJob}"} == 1)`,
    for: "2m",
    severity: "critical",
    summary: "Prometheus gets no metrics of the central PostgreSQL: nothing else here can warn",
  },
  {
    alert: "PgmoorServerDown",
    page: "server-down",
    expr: `pg_up{job="${prometheusJob}"} == 0`,
    for: "2m",
    severity: "critical",
    summary: "The central PostgreSQL does not answer",
  },
  {
    alert: "PgmoorServiceDown",
    page: "service-down",
    expr: "pgmoor_service_up == 0",
    for: "3m",
    severity: "critical",
    summary: "{{ $labels.service }} is down: its job does not run, or its health check fails",
  },
  {
    alert: "PgmoorConnectionsNearLimit",
    page: "connections",
    expr: "pgmoor_role_connections / pgmoor_role_connection_limit > 0.8",
    for: "5m",
    severity: "warning",
    summary: "The role {{ $labels.role }} uses {{ $value | humanizePercentage }} of its connections",
  },
  {
    alert: "PgmoorLongTransaction",
    page: "long-transaction",
    expr: "pgmoor_transaction_oldest_seconds > 600",
    severity: "warning",
    summary: "The role {{ $labels.role }} has a transaction open for {{ $value | humanizeDuration }}",
  },
  {
    alert: "PgmoorAutovacuumBehind",
    page: "autovacuum",
    expr: "pgmoor_table_vacuum_due > 2",
    for: "10m",
    severity: "warning",
    summary:
      "Autovacuum does not keep up with {{ $labels.schemaname }}.{{ $labels.relname }} in {{ $labels.datname }}",
  },
  {
    alert: "PgmoorWraparound",
    page: "wraparound",
    expr: "pgmoor_database_transaction_age > 1e9",
    for: "1m",
    severity: "critical",
    summary:
      "{{ $labels.datname }} was not frozen for {{ $value | humanize }} transactions; at 2 billion PostgreSQL stops",
  },
  {
    alert: "PgmoorCertificateEnds",
    page: "certificate",
    expr: `pgmoor_certificate_ends_timestamp_seconds - time() < ${7 * day}`,
    severity: "warning",
    summary: "The certificate of the central PostgreSQL ends in {{ $value | humanizeDuration }}",
  },
  {
    alert: "PgmoorCouldBeSettled",
    page: "settle",
    expr: `time() - pgmoor_move_confirmed_timestamp_seconds{phase="cutover"} > ${14 * day}`,
    severity: "info",
    summary: "{{ $labels.service }} has run on the server for two weeks: it can be settled",
  },
  {
    alert: "PgmoorArchiveStalled",
    page: "archive",
    expr: "pgmoor_archiver_failing == 1",
    for: "5m",
    severity: "critical",
    summary: "The archive_command of the central PostgreSQL fails: WAL stays on its disk",
  },
  {
    alert: "PgmoorFactsOld",
    page: "facts",
    expr: "time() - pgmoor_facts_asked_timestamp_seconds > 600",
    severity: "warning",
    summary: "pgmoor last looked at the services {{ $value | humanizeDuration }} ago",
  },
  {
    alert: "PgmoorFactsIncomplete",
    page: "facts",
    // A query that fails has no metric either.
    expr: `pgmoor_facts_unknown > 0 or pg_exporter_last_scrape_error{job="${prometheusJob}"} > 0`,
    for: "10m",
    severity: "warning",
    summary: "Some metrics are missing; the logs of the job pgmoor-monitoring say why",
  },
];

const ofBackups: readonly Alert[] = [
  {
    alert: "PgmoorBackupOld",
    page: "backup-old",
    expr: `time() - pgmoor_backup_newest_timestamp_seconds > ${26 * 3600}`,
    severity: "critical",
    summary: "The newest backup of {{ $labels.service }} is {{ $value | humanizeDuration }} old",
  },
  {
    alert: "PgmoorBackupFailed",
    page: "backup-failed",
    expr: "pgmoor_backups_failed == 1",
    severity: "warning",
    summary: "The last backup failed",
  },
  {
    alert: "PgmoorRestoreTestFailed",
    page: "restore-test-failed",
    expr: "pgmoor_backups_test_failed == 1",
    severity: "critical",
    summary: "The last restore test failed: the newest backup may be of no use",
  },
  {
    alert: "PgmoorRestoreTestOld",
    page: "restore-test-old",
    expr: `time() - pgmoor_backup_proved_timestamp_seconds > ${8 * day}`,
    severity: "warning",
    summary: "No backup of {{ $labels.service }} was restored for a test for {{ $value | humanizeDuration }}",
  },
  {
    alert: "PgmoorWalStalled",
    page: "archive",
    expr: "time() - pgmoor_backups_wal_stored_timestamp_seconds > 900",
    severity: "critical",
    summary: "No WAL was stored for {{ $value | humanizeDuration }}: a restore cannot go beyond that",
  },
];

const ofDisk: readonly Alert[] = [
  {
    alert: "PgmoorDiskFills",
    page: "disk",
    expr: `pgmoor_disk_free_bytes / pgmoor_disk_bytes < 0.1 or (predict_linear(pgmoor_disk_free_bytes[6h], ${4 * day}) < 0 and pgmoor_disk_free_bytes / pgmoor_disk_bytes < 0.5)`,
    for: "5m",
    severity: "critical",
    summary:
      "The disk with the server's data is nearly full, or will be within four days at the growth of the last six hours",
  },
];

function ofPasswords(days: number): Alert {
  return {
    alert: "PgmoorPasswordOld",
    page: "password",
    expr: `time() - pgmoor_password_changed_timestamp_seconds > ${days * day}`,
    severity: "info",
    summary: `The password of {{ $labels.service }} is older than ${days} days`,
  };
}

/** The rules that can fire in this environment. */
export function alertRules({ monitoring, server, backups, passwordMaxAgeDays }: Environment): Rule[] {
  const runbooks = monitoring?.runbooks ?? "docs/alerts";
  const measuresDisk = server.job !== undefined || monitoring?.diskVolume !== undefined;
  return [
    ...always,
    ...(backups === undefined ? [] : ofBackups),
    ...(measuresDisk ? ofDisk : []),
    ...(passwordMaxAgeDays === undefined ? [] : [ofPasswords(passwordMaxAgeDays)]),
  ].map(({ alert, page, expr, for: holds, severity, summary }) => ({
    alert,
    expr,
    ...(holds === undefined ? {} : { for: holds }),
    labels: { severity },
    annotations: { summary, runbook_url: `${runbooks.replace(/\/$/, "")}/${page}.md` },
  }));
}

/** The rules file. Strings in YAML's double quotes are JSON's. */
export function rulesFile(environment: Environment): string {
  const lines = alertRules(environment).flatMap((rule) => [
    `      - alert: ${rule.alert}`,
    `        expr: ${JSON.stringify(rule.expr)}`,
    ...(rule.for === undefined ? [] : [`        for: ${rule.for}`]),
    `        labels: { severity: ${rule.labels.severity} }`,
    "        annotations:",
    `          summary: ${JSON.stringify(rule.annotations.summary)}`,
    `          runbook_url: ${JSON.stringify(rule.annotations.runbook_url)}`,
  ]);
  return ["groups:", "  - name: pgmoor", "    rules:", ...lines, ""].join("\n");
}
