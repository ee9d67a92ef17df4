import { HealthCheck } from "../nomad/check";
import { caPath } from "../nomad/dsn";
import { Port } from "../nomad/port";
import { Size } from "../nomad/size";
import { HostVolume } from "../nomad/volume";
import type { ServiceDefinition } from "./definition";

/**
 * n8n: workflows that connect services.
 * Sources: https://docs.n8n.io/hosting/configuration/environment-variables/database/ (variables; any of them takes `_FILE`),
 * https://docs.n8n.io/hosting/logging-monitoring/monitoring/ (`/healthz/readiness` asks the database),
 * https://docs.n8n.io/hosting/installation/docker/ (image, port, volume). Each of its commands runs its migrations first.
 * Seen with 1.123.0: moved, used, moved back and used again.
 */
export const n8n: ServiceDefinition = {
  name: "n8n",
  program: { driver: "docker", image: "n8nio/n8n:1.123.0", network: "bridge" },
  port: Port.onHost(5678),
  // With the key that encrypts the credentials in the database, in its file `config`.
  volumes: [HostVolume.named("n8n_data").at("/home/node/.n8n")],
  health: HealthCheck.http("/healthz/readiness"),
  resources: { cpuMegahertz: 500, memory: Size.mebibytes(1024) },
  database: { connectionLimit: 20 },
  dsn: {
    style: "variables",
    server: { host: "DB_POSTGRESDB_HOST", port: "DB_POSTGRESDB_PORT" },
    database: "DB_POSTGRESDB_DATABASE",
    username: "DB_POSTGRESDB_USER",
    password: "DB_POSTGRESDB_PASSWORD",
    fixed: { DB_TYPE: "postgresdb" },
    tls: {
      disable: { DB_POSTGRESDB_SSL_ENABLED: "false" },
      require: { DB_POSTGRESDB_SSL_ENABLED: "true", DB_POSTGRESDB_SSL_REJECT_UNAUTHORIZED: "false" },
      "verify-full": { DB_POSTGRESDB_SSL_ENABLED: "true", DB_POSTGRESDB_SSL_CA_FILE: caPath },
    },
  },
  source: {
    kind: "sqlite",
    file: "/home/node/.n8n/database.sqlite",
    environment: { DB_TYPE: "sqlite" },
    schema: {
      kind: "command",
      command: ["n8n", "list:workflow"],
      environment: { N8N_USER_FOLDER: "${NOMAD_TASK_DIR}" },
    },
    // TypeORM's, written for each database. They end with the same one.
    migrationTables: [{ table: "migrations", compare: "newest" }],
    rules: [
      // Columns that only SQLite's migrations have kept.
      { kind: "skip-column", table: "test_case_execution", column: "pastExecutionId" },
      { kind: "skip-column", table: "test_case_execution", column: "evaluationExecutionId" },
      // Whole seconds in PostgreSQL; milliseconds in SQLite.
      { kind: "cast", table: "insights_raw", column: "timestamp", as: "round" },
      { kind: "cast", table: "insights_by_period", column: "periodStart", as: "round" },
    ],
  },
};
