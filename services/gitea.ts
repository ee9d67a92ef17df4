import { Port } from "../nomad/port";
import { HealthCheck } from "../nomad/check";
import { HostVolume } from "../nomad/volume";
import { caPath } from "../nomad/dsn";
import { Size } from "../nomad/size";
import type { ServiceDefinition } from "./definition";

/**
 * Gitea: git repositories, with issues and pull requests.
 * Sources: https://docs.gitea.com/installation/install-with-docker (variables `GITEA__SECTION__KEY`, port, volume),
 * https://docs.gitea.com/administration/config-cheat-sheet (`[database]`; `/api/healthz` asks the database),
 * https://github.com/jharter1/hashi_homelab (`jobs/services/development/gitea`: host network, port 3001, `gitea_data` at `/data`).
 * The homelab's own image is rootless, with its paths set to those of this one.
 */
export const gitea: ServiceDefinition = {
  name: "gitea",
  program: { driver: "docker", image: "gitea/gitea:1.24.6", network: "host" },
  port: Port.onHost(3001),
  environment: { GITEA__server__HTTP_PORT: "3001" },
  volumes: [HostVolume.named("gitea_data").at("/data")],
  health: HealthCheck.http("/api/healthz"),
  resources: { cpuMegahertz: 500, memory: Size.mebibytes(512) },
  database: { connectionLimit: 20 },
  dsn: {
    style: "variables",
    server: { address: "GITEA__database__HOST" },
    database: "GITEA__database__NAME",
    username: "GITEA__database__USER",
    password: "GITEA__database__PASSWD",
    fixed: { GITEA__database__DB_TYPE: "postgres" },
    // Its driver, lib/pq, takes the certificate from libpq's variable: https://pkg.go.dev/github.com/lib/pq
    tls: {
      disable: { GITEA__database__SSL_MODE: "disable" },
      require: { GITEA__database__SSL_MODE: "require" },
      "verify-full": { GITEA__database__SSL_MODE: "verify-full", PGSSLROOTCERT: caPath },
    },
  },
};
