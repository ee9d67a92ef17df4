import { HealthCheck } from "../nomad/check";
import { caPath } from "../nomad/dsn";
import { Port } from "../nomad/port";
import { Size } from "../nomad/size";
import { HostVolume } from "../nomad/volume";
import type { ServiceDefinition } from "./definition";

/**
 * Prefect's server: schedules flows of Python and keeps their history.
 * Sources: https://docs.prefect.io/v3/api-ref/settings-ref (`server.database`: variables, TLS),
 * https://docs.prefect.io/v3/how-to-guides/self-hosted/server-docker (image, port), and its `prefect/server/api/root.py`
 * (`/api/ready` asks the database). Seen with 3.9.1: moved, used, moved back and used again.
 */
export const prefect: ServiceDefinition = {
  name: "prefect",
  program: {
    driver: "docker",
    image: "prefecthq/prefect:3.9.1-python3.12",
    network: "bridge",
    args: ["prefect", "server", "start", "--host", "0.0.0.0"],
  },
  port: Port.onHost(4200),
  environment: { PREFECT_SERVER_ANALYTICS_ENABLED: "false" },
  volumes: [HostVolume.named("prefect_data").at("/root/.prefect")],
  health: HealthCheck.http("/api/ready"),
  resources: { cpuMegahertz: 500, memory: Size.mebibytes(1024) },
  // Its migrations need the extension.
  database: { connectionLimit: 30, extensions: ["pg_trgm"] },
  dsn: {
    style: "variables",
    server: { host: "PREFECT_SERVER_DATABASE_HOST", port: "PREFECT_SERVER_DATABASE_PORT" },
    database: "PREFECT_SERVER_DATABASE_NAME",
    username: "PREFECT_SERVER_DATABASE_USER",
    password: "PREFECT_SERVER_DATABASE_PASSWORD",
    fixed: { PREFECT_SERVER_DATABASE_DRIVER: "postgresql+asyncpg" },
    // Once told to encrypt, it verifies.
    tls: {
      disable: { PREFECT_SERVER_DATABASE_SQLALCHEMY_CONNECT_ARGS_TLS_ENABLED: "false" },
      "verify-ca": {
        PREFECT_SERVER_DATABASE_SQLALCHEMY_CONNECT_ARGS_TLS_ENABLED: "true",
        PREFECT_SERVER_DATABASE_SQLALCHEMY_CONNECT_ARGS_TLS_CA_FILE: caPath,
        PREFECT_SERVER_DATABASE_SQLALCHEMY_CONNECT_ARGS_TLS_CHECK_HOSTNAME: "false",
      },
      "verify-full": {
        PREFECT_SERVER_DATABASE_SQLALCHEMY_CONNECT_ARGS_TLS_ENABLED: "true",
        PREFECT_SERVER_DATABASE_SQLALCHEMY_CONNECT_ARGS_TLS_CA_FILE: caPath,
      },
    },
  },
  source: {
    kind: "sqlite",
    file: "/root/.prefect/prefect.db",
    environment: {
      PREFECT_SERVER_DATABASE_CONNECTION_URL: "sqlite+aiosqlite:////root/.prefect/prefect.db",
    },
    schema: { kind: "command", command: ["prefect", "server", "database", "upgrade", "-y"] },
    // Its migrations are written for each database, and their names have no order.
    migrationTables: [{ table: "alembic_version", compare: "nothing" }],
    // SQLAlchemy keeps a duration in SQLite as the date and time that it ends at, begun in 1970.
    rules: [
      { kind: "cast", table: "flow_run", column: "total_run_time", as: "since-epoch" },
      { kind: "cast", table: "task_run", column: "total_run_time", as: "since-epoch" },
    ],
  },
};
