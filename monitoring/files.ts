/** The files for Prometheus and Grafana. */
import type { Environment } from "../environments/model/environment";
import { dashboard } from "./dashboard";
import { rulesFile } from "./rules";
import { scrapeFile } from "./scrape";

/** By name: what `pgmoor monitoring` writes. */
export function monitoringFiles(environment: Environment): Readonly<Record<string, string>> {
  return {
    "pgmoor.scrape.yml": scrapeFile(environment),
    "pgmoor.rules.yml": rulesFile(environment),
    "pgmoor.dashboard.json": `${JSON.stringify(dashboard(), undefined, 2)}\n`,
    "grafana-provider.yml": provider,
  };
}

/** Grafana's provisioning by file. Source: https://grafana.com/docs/grafana/latest/administration/provisioning/#dashboards */
const provider = `apiVersion: 1
providers:
  - name: pgmoor
    type: file
    # The folder that has pgmoor.dashboard.json, as Grafana sees it.
    options: { path: /var/lib/grafana/dashboards }
`;
