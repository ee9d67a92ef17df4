import type { Command } from "commander";
import type * as Action from "./actions/monitoring";

/** `monitoring`: the files for Prometheus and Grafana. */
export function addMonitoring(program: Command): void {
  program
    .command("monitoring")
    .description("write the files for Prometheus and Grafana: scrape configuration, alert rules, dashboard")
    .option("--folder <folder>", "where they are written", "monitoring-files")
    .addHelpText("after", help)
    .action((options: Action.MonitoringOptions) =>
      (require("./actions/monitoring") as typeof Action).monitoring(options),
    );
}

const help = `
It asks no server. The files:
  pgmoor.scrape.yml      for scrape_config_files of Prometheus: finds the metrics by Consul
  pgmoor.rules.yml       for rule_files of Prometheus: the alerts that can fire in this environment
  pgmoor.dashboard.json  for Grafana
  grafana-provider.yml   for /etc/grafana/provisioning/dashboards: has Grafana load the dashboard

Exit code:
  0  written
  2  the environment or the arguments are wrong, or it has no monitoring; nothing was written`;
