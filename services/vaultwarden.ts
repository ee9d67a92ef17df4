import { Port } from "../nomad/port";
import { HealthCheck } from "../nomad/check";
import { HostVolume } from "../nomad/volume";
import { Size } from "../nomad/size";
import type { ServiceDefinition } from "./definition";

/**
 * Vaultwarden: a password manager that speaks Bitwarden's protocol.
 * Sources: https://github.com/dani-garcia/vaultwarden/wiki (database, proxy, Docker), its `docker/start.sh` and
 * `docker/Dockerfile.debian` (the image listens on `ROCKET_PORT`, starts by `/start.sh`), and `src/main.rs` for
 * `I_REALLY_WANT_VOLATILE_STORAGE`.
 */
export const vaultwarden: ServiceDefinition = {
  name: "vaultwarden",
  program: { driver: "docker", image: "vaultwarden/server:1.37.2", network: "host" },
  port: Port.onHost(8222),
  environment: {
    ROCKET_PORT: "8222",
    // The size of the app's own pool: below the role's limit, with room for the migrator and a person with psql.
    DATABASE_MAX_CONNS: "10",
  },
  volumes: [HostVolume.named("vaultwarden_data").at("/data")],
  // Answers only when the database does.
  health: HealthCheck.http("/alive"),
  resources: { cpuMegahertz: 500, memory: Size.mebibytes(512) },
  database: { connectionLimit: 20 },
  dsn: { style: "url", variable: "DATABASE_URL" },
  source: {
    kind: "sqlite",
    file: "/data/db.sqlite3",
    environment: { DATABASE_URL: "/data/db.sqlite3" },
    // It has no command for its migrations: it runs them when it starts.
    schema: {
      kind: "app",
      command: ["/start.sh"],
      environment: {
        ROCKET_ADDRESS: "127.0.0.1",
        ROCKET_PORT: "${NOMAD_PORT_pgmoor_schema}",
        DATA_FOLDER: "${NOMAD_TASK_DIR}",
        // Else it refuses a data folder that is no volume; here the folder is scratch.
        I_REALLY_WANT_VOLATILE_STORAGE: "true",
      },
    },
    // Its migrations are written for each database (56 in SQLite, 46 in PostgreSQL, in 1.37.2), and end with the same one.
    migrationTables: [{ table: "__diesel_schema_migrations", compare: "newest" }],
  },
};
