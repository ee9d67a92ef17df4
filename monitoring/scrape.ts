/** What Prometheus's configuration needs to find the metrics. */
import type { Environment } from "../environments/model/environment";
import { monitoringJob } from "../services/monitoring";

/** What Prometheus calls the job: the label `job` of every metric. */
export const prometheusJob = "pgmoor";

/** A file for `scrape_config_files` of Prometheus 2.43 or later. It finds the job by its service in Consul. */
export function scrapeFile({ consul }: Environment): string {
  const { protocol, host } = new URL(consul.address);
  return [
    "scrape_configs:",
    `  - job_name: ${prometheusJob}`,
    "    scrape_interval: 30s",
    "    scrape_timeout: 20s",
    "    consul_sd_configs:",
    `      - server: ${JSON.stringify(host)}`,
    `        scheme: ${protocol.replace(":", "")}`,
    `        services: [${monitoringJob}]`,
    "    relabel_configs:",
    // One series for each metric, also after the job has moved to another client.
    "      - target_label: instance",
    `        replacement: ${JSON.stringify(monitoringJob)}`,
    "",
  ].join("\n");
}
