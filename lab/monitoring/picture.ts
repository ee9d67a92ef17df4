/**
 * Draws the dashboard as an SVG, with what Prometheus answers. It is no picture of Grafana, which cannot be had everywhere:
 * the same panels, queries and places, drawn plainly.
 */
import { dashboard } from "../../monitoring/dashboard";
import type { Prometheus, Sample, Series } from "./prometheus";

interface Panel {
  readonly title: string;
  readonly type: "stat" | "table" | "timeseries";
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly legendFormat?: string;
  }[];
  readonly fieldConfig: {
    readonly defaults: {
      readonly unit?: string;
      readonly mappings?: readonly {
        readonly options: Readonly<Record<string, { readonly text: string; readonly color: string }>>;
      }[];
    };
    readonly overrides: readonly {
      readonly matcher: { readonly options: string };
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
}

const cell = { width: 60, height: 34, gap: 6 };
const colours = ["#7eb26d", "#eab839", "#6ed0e0", "#ef843c", "#e24d42", "#1f78c1", "#ba43a9", "#705da0"];

const escape = (text: string) =>
  text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`).replace(/[\0-\x1f]/g, " ");

function text(x: number, y: number, words: string, size = 12, more = ""): string {
  return `<text x="${x}" y="${y}" font-size="${size}" ${more}>${escape(words)}</text>`;
}

/** A value as Grafana's units have it. */
function shown(value: number, unit = "none"): string {
  if (Number.isNaN(value)) return "-";
  switch (unit) {
    case "bytes":
      return value >= 2 ** 30
        ? `${(value / 2 ** 30).toFixed(2)} GiB`
        : value >= 2 ** 20
          ? `${(value / 2 ** 20).toFixed(1)} MiB`
          : `${(value / 1024).toFixed(0)} KiB`;
    case "s":
      return value >= 86_400
        ? `${(value / 86_400).toFixed(1)} days`
        : value >= 3600
          ? `${(value / 3600).toFixed(1)} h`
          : value >= 60
            ? `${(value / 60).toFixed(1)} min`
            : `${value.toPrecision(3)} s`;
    case "percentunit":
      return `${(value * 100).toFixed(1)} %`;
    default:
      return Number.isInteger(value) ? String(value) : value.toPrecision(3);
  }
}

/** @param seconds how far back it goes */
export async function drawDashboard(prometheus: Prometheus, seconds: number): Promise<string> {
  const { panels } = dashboard() as unknown as { panels: readonly Panel[] };
  const drawn: string[] = [];
  for (const panel of panels) drawn.push(await drawPanel(prometheus, panel, seconds));
  const below = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  const [width, height] = [24 * cell.width, below * cell.height];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="DejaVu Sans, sans-serif" fill="#d8d9da"><rect width="100%" height="100%" fill="#111217"/>${drawn.join("")}</svg>\n`;
}

async function drawPanel(prometheus: Prometheus, panel: Panel, seconds: number): Promise<string> {
  const { x, y, w, h } = panel.gridPos;
  const [width, height] = [w * cell.width - cell.gap, h * cell.height - cell.gap];
  const inside = await drawInside(prometheus, panel, width, height, seconds);
  return `<svg x="${x * cell.width}" y="${y * cell.height}" width="${width}" height="${height}"><rect width="100%" height="100%" rx="3" fill="#1f2026"/>${text(10, 20, panel.title, 13, 'font-weight="bold"')}${inside}</svg>`;
}

async function drawInside(
  prometheus: Prometheus,
  panel: Panel,
  width: number,
  height: number,
  seconds: number,
): Promise<string> {
  const { type, targets } = panel;
  if (type === "timeseries") {
    const lines: Line[] = [];
    for (const { expr, legendFormat = "" } of targets)
      for (const series of await prometheus.range(expr, seconds))
        lines.push({ name: named(legendFormat, series.metric), values: series.values });
    return drawLines(lines, panel.fieldConfig.defaults.unit, width, height);
  }
  const answers = new Map<string, readonly Sample[]>();
  for (const { refId, expr } of targets) answers.set(refId, await prometheus.query(expr));
  if (type === "table") return drawTable(panel, answers, width, height);
  const value = Number(answers.get("A")?.[0]?.value[1]);
  const mapped = panel.fieldConfig.defaults.mappings?.[0]?.options[String(value)];
  const more = `text-anchor="middle" fill="${mapped?.color === "red" ? "#f2495c" : "#73bf69"}"`;
  return text(width / 2, height / 2 + 22, mapped?.text ?? shown(value), 30, more);
}

const named = (legend: string, metric: Sample["metric"]) =>
  legend.replace(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? "");

interface Line {
  readonly name: string;
  readonly values: Series["values"];
}

function drawLines(lines: readonly Line[], unit: string | undefined, width: number, height: number): string {
  const points = lines.flatMap(({ values }) => values.map(([time, value]) => [time, Number(value)] as const));
  if (points.length === 0) return text(10, 50, "no data");
  const times = points.map(([time]) => time);
  const [first, last, top] = [
    Math.min(...times),
    Math.max(...times),
    Math.max(...points.map(([, v]) => v), 1e-9),
  ];
  const [left, bottom, high] = [70, height - 60, 34];
  const at = ([time, value]: readonly [number, string]) =>
    `${(left + ((time - first) / Math.max(1, last - first)) * (width - left - 10)).toFixed(1)},${(bottom - (Number(value) / top) * (bottom - high)).toFixed(1)}`;
  const drawn = lines.map(
    ({ values }, index) =>
      `<polyline fill="none" stroke="${colours[index % colours.length]}" stroke-width="1.5" points="${values.map(at).join(" ")}"/>`,
  );
  const legend = lines.slice(0, 8).map(({ name }, index) => {
    const [column, line] = [index % 4, Math.floor(index / 4)];
    return text(
      12 + column * ((width - 20) / 4),
      height - 34 + line * 18,
      name,
      11,
      `fill="${colours[index]}"`,
    );
  });
  return [text(8, high + 6, shown(top, unit), 11), text(8, bottom, "0", 11), ...drawn, ...legend].join("");
}

/** Labels that say nothing to a person, as the dashboard hides them. */
const hidden = new Set(["__name__", "job", "instance", "server"]);

function drawTable(
  { targets, fieldConfig }: Panel,
  answers: ReadonlyMap<string, readonly Sample[]>,
  width: number,
  height: number,
): string {
  const key = (metric: Sample["metric"]) =>
    metric.service ??
    ["datname", "schemaname", "relname", "queryid"].map((label) => metric[label] ?? "").join(" ");
  const rows = new Map<string, Record<string, string>>();
  const columns: string[] = [];
  targets.forEach(({ refId }, index) => {
    const override = fieldConfig.overrides[index]!;
    const title = override.matcher.options;
    const unit = override.properties.find(({ id }) => id === "unit")?.value as string;
    for (const { metric, value } of answers.get(refId) ?? []) {
      // The first query has all the rows.
      if (index > 0 && !rows.has(key(metric))) continue;
      const row = rows.get(key(metric)) ?? {};
      for (const [label, word] of Object.entries(metric))
        if (!hidden.has(label) && row[label] === undefined && index === 0) row[label] = word;
      const mapped = title === "Health" ? { 0: "down", 1: "up" }[Number(value[1])] : undefined;
      row[title] = mapped ?? shown(Number(value[1]), unit);
      rows.set(key(metric), row);
    }
  });
  for (const row of rows.values())
    for (const column of Object.keys(row)) if (!columns.includes(column)) columns.push(column);
  const step = (width - 20) / Math.max(1, columns.length);
  const most = Math.floor((height - 50) / 22);
  const fit = (words: string) => words.slice(0, Math.floor(step / 7.7));
  return [
    ...columns.map((column, index) => text(12 + index * step, 44, fit(column), 12, 'fill="#6e9fff"')),
    ...[...rows.values()]
      .slice(0, most)
      .flatMap((row, line) =>
        columns.map((column, index) => text(12 + index * step, 66 + line * 22, fit(row[column] ?? ""))),
      ),
  ].join("");
}
