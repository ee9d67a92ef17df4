/** The dashboard for Grafana, as its JSON model. Source: https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/ */

type Json = Readonly<Record<string, unknown>>;

const datasource = { type: "prometheus", uid: "${datasource}" };

interface Target {
  readonly expr: string;
  readonly legend?: string;
}

interface Panel {
  readonly title: string;
  readonly type: "stat" | "table" | "timeseries";
  readonly unit?: string;
  readonly width: number;
  readonly height: number;
  readonly targets: readonly Target[];
  /** Of a table: by the target's letter, how its column is called, and its unit. */
  readonly columns?: Readonly<Record<string, readonly [title: string, unit: string]>>;
  /** Values by their text, for a stat or a cell. */
  readonly texts?: Readonly<Record<string, { readonly text: string; readonly color: string }>>;
}

const upDown = { "0": { text: "down", color: "red" }, "1": { text: "up", color: "green" } };
const yesNo = { "0": { text: "good", color: "green" }, "1": { text: "failed", color: "red" } };

const overview: readonly Panel[] = [
  {
    title: "Server",
    type: "stat",
    width: 4,
    height: 4,
    targets: [{ expr: 'pg_up{job="pgmoor"}' }],
    texts: upDown,
  },
  {
    title: "Services up",
    type: "stat",
    width: 4,
    height: 4,
    targets: [{ expr: "sum(pgmoor_service_up)" }],
  },
  {
    title: "Services down",
    type: "stat",
    width: 4,
    height: 4,
    targets: [{ expr: "count(pgmoor_service_up == 0) or vector(0)" }],
  },
  {
    title: "Alerts",
    type: "stat",
    width: 4,
    height: 4,
    targets: [{ expr: 'count(ALERTS{alertname=~"Pgmoor.*", alertstate="firing"}) or vector(0)' }],
  },
  {
    title: "Last backup",
    type: "stat",
    width: 4,
    height: 4,
    targets: [{ expr: "max(pgmoor_backups_failed)" }],
    texts: yesNo,
  },
  {
    title: "Last restore test",
    type: "stat",
    width: 4,
    height: 4,
    targets: [{ expr: "max(pgmoor_backups_test_failed)" }],
    texts: yesNo,
  },
  {
    title: "Services",
    type: "table",
    width: 24,
    height: 9,
    targets: [
      { expr: "pgmoor_service_up" },
      {
        expr: 'label_replace(pgmoor_database_size_bytes, "database", "$1", "datname", "(.*)") * on (database) group_left (service) pgmoor_service_up ^ 0',
      },
      {
        expr: 'label_replace(pgmoor_role_connections, "database", "$1", "role", "(.*)") * on (database) group_left (service) pgmoor_service_up ^ 0',
      },
      {
        expr: 'label_replace(pgmoor_role_connection_limit, "database", "$1", "role", "(.*)") * on (database) group_left (service) pgmoor_service_up ^ 0',
      },
      { expr: "time() - pgmoor_backup_newest_timestamp_seconds" },
      { expr: "time() - pgmoor_backup_proved_timestamp_seconds" },
      { expr: "time() - pgmoor_password_changed_timestamp_seconds" },
    ],
    columns: {
      A: ["Health", "none"],
      B: ["Size", "bytes"],
      C: ["Connections", "none"],
      D: ["Limit", "none"],
      E: ["Backup, age", "s"],
      F: ["Proof, age", "s"],
      G: ["Password, age", "s"],
    },
    texts: upDown,
  },
];

const load: readonly Panel[] = [
  {
    title: "Transactions per second",
    type: "timeseries",
    unit: "ops",
    width: 8,
    height: 8,
    targets: [
      {
        expr: 'sum by (datname) (rate(pg_stat_database_xact_commit{datname!~"|template."}[5m]) + rate(pg_stat_database_xact_rollback{datname!~"|template."}[5m]))',
        legend: "{{datname}}",
      },
    ],
  },
  {
    title: "Blocks found in the cache",
    type: "timeseries",
    unit: "percentunit",
    width: 8,
    height: 8,
    targets: [
      {
        expr: 'sum by (datname) (pg_stat_database_blks_hit{datname!~"|template."}) / (sum by (datname) (pg_stat_database_blks_hit + pg_stat_database_blks_read) > 0)',
        legend: "{{datname}}",
      },
    ],
  },
  {
    title: "Connections",
    type: "timeseries",
    width: 8,
    height: 8,
    targets: [{ expr: "pgmoor_role_connections", legend: "{{role}}" }],
  },
  {
    title: "Oldest transaction",
    type: "timeseries",
    unit: "s",
    width: 8,
    height: 8,
    targets: [{ expr: "pgmoor_transaction_oldest_seconds", legend: "{{role}}" }],
  },
  {
    title: "Sessions that wait for a lock",
    type: "timeseries",
    width: 8,
    height: 8,
    targets: [{ expr: "pgmoor_locks_waiting", legend: "{{datname}}" }],
  },
  {
    title: "Disk",
    type: "timeseries",
    unit: "bytes",
    width: 8,
    height: 8,
    targets: [
      { expr: "pgmoor_disk_free_bytes", legend: "free" },
      { expr: "sum(pgmoor_database_size_bytes)", legend: "databases" },
      { expr: "sum(pgmoor_slot_retained_bytes)", legend: "WAL kept for slots" },
    ],
  },
];

const inside: readonly Panel[] = [
  {
    title: "Statements that take the most time",
    type: "table",
    width: 12,
    height: 9,
    targets: [
      { expr: "topk(10, rate(pgmoor_statement_seconds_total[15m]))" },
      { expr: "pgmoor_statement_seconds_total / pgmoor_statement_calls_total" },
    ],
    columns: { A: ["Seconds per second", "none"], B: ["Mean", "s"] },
  },
  {
    title: "Tables",
    type: "table",
    width: 12,
    height: 9,
    targets: [
      { expr: "topk(20, pgmoor_table_size_bytes)" },
      { expr: "pgmoor_table_dead_rows" },
      { expr: "pgmoor_table_vacuum_due" },
    ],
    columns: { A: ["Size", "bytes"], B: ["Dead rows", "none"], C: ["Vacuum due", "percentunit"] },
  },
];

/** Labels that say nothing to a person. */
const hidden = { Time: true, __name__: true, job: true, instance: true, server: true };

/** @returns every query of the dashboard, as Prometheus is asked */
export function dashboardQueries(): string[] {
  return [...overview, ...load, ...inside].flatMap(({ targets }) => targets.map(({ expr }) => expr));
}

export function dashboard(): Json {
  return {
    uid: "pgmoor",
    title: "pgmoor",
    description: "The services on the central PostgreSQL, and the server. Made by pgmoor monitoring.",
    tags: ["pgmoor", "postgresql"],
    editable: true,
    schemaVersion: 39,
    time: { from: "now-6h", to: "now" },
    refresh: "1m",
    templating: {
      list: [{ name: "datasource", label: "Prometheus", type: "datasource", query: "prometheus" }],
    },
    panels: placed([...overview, ...load, ...inside]),
  };
}

/** From left to right, row by row, on Grafana's grid of 24 columns. */
function placed(panels: readonly Panel[]): Json[] {
  let [x, y, row] = [0, 0, 0];
  return panels.map((panel, at) => {
    if (x + panel.width > 24) [x, y, row] = [0, y + row, 0];
    const gridPos = { x, y, w: panel.width, h: panel.height };
    x += panel.width;
    row = Math.max(row, panel.height);
    return { id: at + 1, gridPos, ...model(panel) };
  });
}

function model({ title, type, unit, targets, columns, texts }: Panel): Json {
  const letters = targets.map((_, at) => String.fromCharCode(65 + at));
  return {
    title,
    type,
    datasource,
    targets: targets.map(({ expr, legend }, at) => ({
      refId: letters[at],
      datasource,
      expr,
      ...(legend === undefined ? {} : { legendFormat: legend }),
      ...(type === "timeseries" ? {} : { instant: true }),
      ...(type === "table" ? { format: "table" } : {}),
    })),
    fieldConfig: {
      defaults: {
        ...(unit === undefined ? {} : { unit }),
        ...(type === "stat" ? { mappings: mappings(texts) } : {}),
      },
      overrides: Object.entries(columns ?? {}).map(([letter, [name, of]]) => ({
        matcher: { id: "byName", options: name },
        properties: [
          { id: "unit", value: of },
          ...(letter === "A" && texts !== undefined ? [{ id: "mappings", value: mappings(texts) }] : []),
        ],
      })),
    },
    ...(type === "table"
      ? {
          transformations: [
            { id: "merge", options: {} },
            {
              id: "organize",
              options: {
                excludeByName: hidden,
                renameByName: Object.fromEntries(
                  Object.entries(columns ?? {}).map(([letter, [name]]) => [`Value #${letter}`, name]),
                ),
              },
            },
          ],
        }
      : {}),
  };
}

function mappings(texts: Panel["texts"] = {}): Json[] {
  return Object.keys(texts).length === 0 ? [] : [{ type: "value", options: texts }];
}
