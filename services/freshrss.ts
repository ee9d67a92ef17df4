import { libpqTls } from "../nomad/dsn";
import { Port } from "../nomad/port";
import { HealthCheck } from "../nomad/check";
import { HostVolume } from "../nomad/volume";
import { Size } from "../nomad/size";
import type { ServiceDefinition } from "./definition";

/**
 * FreshRSS: a reader of feeds.
 * Sources: https://github.com/FreshRSS/FreshRSS/tree/edge/Docker (the `DB_…` variables, read at its installation; `LISTEN`),
 * https://github.com/jharter1/hashi_homelab (`jobs/services/media/freshrss`: host network, port 8082, resources).
 */
export const freshrss: ServiceDefinition = {
  name: "freshrss",
  program: { driver: "docker", image: "freshrss/freshrss:1.27.0", network: "host" },
  port: Port.onHost(8082),
  environment: { LISTEN: "0.0.0.0:8082" },
  volumes: [HostVolume.named("freshrss_data").at("/var/www/FreshRSS/data")],
  health: HealthCheck.http("/i/"),
  resources: { cpuMegahertz: 500, memory: Size.mebibytes(256) },
  middlewares: ["authelia@file"],
  database: { connectionLimit: 10 },
  dsn: {
    style: "variables",
    server: { host: "DB_HOST", port: "DB_PORT" },
    database: "DB_BASE",
    username: "DB_USER",
    password: "DB_PASSWORD",
    fixed: { DB_TYPE: "pgsql", DB_PREFIX: "freshrss_" },
    // Its data source name for PDO has no sslmode (app/Models/DatabaseDAOPGSQL.php, lib/Minz/PdoPgsql.php).
    tls: libpqTls,
  },
  readsDsnOnce: "FreshRSS keeps its connection in data/config.php: write the new password there too",
};
