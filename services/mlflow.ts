import { HealthCheck } from "../nomad/check";
import { libpq } from "../nomad/dsn";
import { Port } from "../nomad/port";
import { Size } from "../nomad/size";
import { HostVolume } from "../nomad/volume";
import type { ServiceDefinition } from "./definition";

/** SQLAlchemy's driver takes everything else from libpq's variables. */
const server = "postgresql+psycopg2://";

/**
 * MLflow: experiments, their runs and models.
 * Sources: https://mlflow.org/docs/latest/self-hosting/architecture/backend-store (`MLFLOW_BACKEND_STORE_URI`),
 * https://docs.sqlalchemy.org/en/20/dialects/postgresql.html#module-sqlalchemy.dialects.postgresql.psycopg2 (a URL without a
 * host leaves the connection to libpq), `mlflow db upgrade --help`. Seen with 3.17.2: moved, used, moved back and used again.
 *
 * @param image with psycopg2, which MLflow's plain image lacks.
 */
export function mlflow(image: string): ServiceDefinition {
  return {
    name: "mlflow",
    program: {
      driver: "docker",
      image,
      network: "bridge",
      args: [..."mlflow server --host 0.0.0.0 --artifacts-destination /mlflow/artifacts".split(" ")],
    },
    port: Port.onHost(5000),
    environment: { MLFLOW_DISABLE_TELEMETRY: "true" },
    volumes: [HostVolume.named("mlflow_data").at("/mlflow")],
    // Reads the experiment that it makes at its start. `/health` answers without the database.
    health: HealthCheck.http("/api/2.0/mlflow/experiments/get?experiment_id=0"),
    resources: { cpuMegahertz: 500, memory: Size.mebibytes(1024) },
    database: { connectionLimit: 30 },
    dsn: { ...libpq, fixed: { MLFLOW_BACKEND_STORE_URI: server } },
    source: {
      kind: "sqlite",
      file: "/mlflow/mlflow.db",
      environment: { MLFLOW_BACKEND_STORE_URI: "sqlite:////mlflow/mlflow.db" },
      schema: { kind: "command", command: ["mlflow", "db", "upgrade", server] },
      migrationTables: ["alembic_version"],
    },
  };
}
