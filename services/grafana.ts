import { Port } from "../nomad/port";
import { HealthCheck } from "../nomad/check";
import { HostVolume } from "../nomad/volume";
import { caPath } from "../nomad/dsn";
import { Size } from "../nomad/size";
import type { ServiceDefinition } from "./definition";

/**
 * Grafana: dashboards.
 * Sources: https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/ (`[database]`, variables
 * `GF_SECTION_KEY`), https://grafana.com/docs/grafana/latest/developers/http_api/other/ (`/api/health` asks the database),
 * https://github.com/jharter1/hashi_homelab (`jobs/services/observability/grafana`: host network, port 3000, resources).
 */
export const grafana: ServiceDefinition = {
  name: "grafana",
  program: { driver: "docker", image: "grafana/grafana:12.1.1", network: "host" },
  port: Port.onHost(3000),
  secrets: [{ variable: "GF_SECURITY_ADMIN_PASSWORD", secret: "grafana", field: "admin_password" }],
  volumes: [HostVolume.named("grafana_data").at("/var/lib/grafana")],
  health: HealthCheck.http("/api/health"),
  resources: { cpuMegahertz: 500, memory: Size.mebibytes(512) },
  database: { connectionLimit: 10 },
  dsn: {
    style: "variables",
    server: { address: "GF_DATABASE_HOST" },
    database: "GF_DATABASE_NAME",
    username: "GF_DATABASE_USER",
    password: "GF_DATABASE_PASSWORD",
    fixed: { GF_DATABASE_TYPE: "postgres" },
    // `ssl_mode` for PostgreSQL: disable, require or verify-full.
    tls: {
      disable: { GF_DATABASE_SSL_MODE: "disable" },
      require: { GF_DATABASE_SSL_MODE: "require" },
      "verify-full": { GF_DATABASE_SSL_MODE: "verify-full", GF_DATABASE_CA_CERT_PATH: caPath },
    },
  },
};
