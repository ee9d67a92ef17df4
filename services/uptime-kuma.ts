import { Port } from "../nomad/port";
import { HealthCheck } from "../nomad/check";
import { HostVolume } from "../nomad/volume";
import { Size } from "../nomad/size";
import type { ServiceDefinition } from "./definition";

/**
 * Uptime Kuma: watches whether things are up.
 * Sources: https://github.com/louislam/uptime-kuma/wiki (environment variables: `UPTIME_KUMA_DB_TYPE` takes sqlite and
 * mariadb). The variable for PostgreSQL is the migration document's; the image does not know it.
 */
export const uptimeKuma: ServiceDefinition = {
  name: "uptime-kuma",
  program: { driver: "docker", image: "louislam/uptime-kuma:2.5.3", network: "bridge" },
  // The image listens on 3001, which is Gitea's on the hosts of the homelab; its own job has a port that Nomad picks.
  port: Port.onHost(3011).to(3001),
  volumes: [HostVolume.named("uptime_kuma_data").at("/app/data")],
  health: HealthCheck.http("/"),
  resources: { cpuMegahertz: 500, memory: Size.mebibytes(512) },
  middlewares: ["authelia@file"],
  database: { name: "uptimekuma", connectionLimit: 20 },
  dsn: { style: "url", variable: "UPTIME_KUMA_DB_CONNECTION_STRING", scheme: "postgres" },
  source: {
    kind: "sqlite",
    file: "/app/data/kuma.db",
    environment: { UPTIME_KUMA_DB_TYPE: "sqlite" },
    schema: {
      kind: "app",
      command: ["node", "server/server.js"],
      environment: {
        UPTIME_KUMA_HOST: "127.0.0.1",
        UPTIME_KUMA_PORT: "${NOMAD_PORT_pgmoor_schema}",
        DATA_DIR: "${NOMAD_TASK_DIR}/",
      },
    },
    migrationTables: ["knex_migrations", { table: "knex_migrations_lock", compare: "nothing" }],
    // Declared bigint; SQLite keeps the fractions of milliseconds that it is given.
    rules: [{ kind: "cast", table: "heartbeat", column: "ping", as: "round" }],
  },
  monitor: true,
  // Seen with 2.5.3: it ignores the connection string, shows its set-up page, answers 200 and writes nothing to the server.
  cannotMove:
    "Uptime Kuma 2.x supports only SQLite and MariaDB and ignores a connection string to PostgreSQL. If you have an image that takes one, declare it: { ...uptimeKuma, program: { ...uptimeKuma.program, image: … }, cannotMove: undefined }",
};
