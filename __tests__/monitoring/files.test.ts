/** The files for Prometheus and Grafana. */
import type { Environment } from "../../environments/model/environment";
import { dashboardQueries } from "../../monitoring/dashboard";
import { monitoringFiles } from "../../monitoring/files";
import { exporterQueries } from "../../constructs/monitoring/queries";
import { toVolume, withServer } from "../stacks/own-stacks";

const environment: Environment = {
  ...withServer({}, toVolume),
  monitoring: {},
  consul: { address: "https://consul.example.org:8501" },
};
const files = monitoringFiles(environment);

test("Prometheus finds the metrics by Consul", () => {
  expect(files["pgmoor.scrape.yml"]).toContain('server: "consul.example.org:8501"\n        scheme: https');
  expect(files["pgmoor.scrape.yml"]).toContain("services: [pgmoor-monitoring]");
});

/** The names of pgmoor's metrics in an expression. */
const metricsIn = (text: string) => [...text.matchAll(/\bpgmoor_[a-z_]+/g)].map(([name]) => name);

test("every metric of pgmoor's in the rules and the dashboard is one that is exported", () => {
  const exported = Object.entries(exporterQueries(true)).flatMap(([query, { metrics }]) =>
    metrics.flatMap((column) => Object.keys(column).map((name) => `${query}_${name}`)),
  );
  const used = [...metricsIn(files["pgmoor.rules.yml"]!), ...dashboardQueries().flatMap(metricsIn)];
  expect(used.length).toBeGreaterThan(30);
  expect(used.filter((name) => !exported.includes(name))).toEqual([]);
});

test("the panels of the dashboard are on Grafana's grid, none lies on another, and no gap is left", () => {
  const { panels } = JSON.parse(files["pgmoor.dashboard.json"]!) as {
    panels: { id: number; title: string; gridPos: { x: number; y: number; w: number; h: number } }[];
  };
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const taken = new Set<string>();
  for (const { title, gridPos } of panels) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect([title, taken.has(`${x} ${y}`)]).toEqual([title, false]);
        taken.add(`${x} ${y}`);
      }
  }
  const height = Math.max(...panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  expect(taken.size).toBe(24 * height);
});

test("no file has the name of a secret", () => {
  for (const content of Object.values(files)) expect(content).not.toMatch(/postgres\/admin|backup_key/);
});
