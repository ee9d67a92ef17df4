import { HealthCheck } from "../nomad/check";
import { libpq } from "../nomad/dsn";
import { Port } from "../nomad/port";
import { Size } from "../nomad/size";
import { HostVolume } from "../nomad/volume";
import type { ServiceDefinition } from "./definition";

/** SQLAlchemy's driver takes everything else from libpq's variables. */
const server = "postgresql+psycopg2://";

/**
 * JupyterHub: notebooks for several users.
 * Sources: https://jupyterhub.readthedocs.io/en/stable/howto/configuration/config-database.html (`db_url`, psycopg2), its
 * `jupyterhub/orm.py` (`new_session_factory` makes the tables; `jupyterhub upgrade-db` only marks an empty database as up to
 * date). Seen with 6.1.1: moved, used, moved back and used again.
 *
 * @param image with your configuration and psycopg2, which JupyterHub's image lacks. The configuration takes
 * `c.JupyterHub.db_url` from the variable `JUPYTERHUB_DB_URL`.
 */
export function jupyterHub(image: string): ServiceDefinition {
  return {
    name: "jupyterhub",
    program: { driver: "docker", image, network: "bridge" },
    port: Port.onHost(8000),
    volumes: [HostVolume.named("jupyterhub_data").at("/srv/jupyterhub")],
    health: HealthCheck.http("/hub/health"),
    resources: { cpuMegahertz: 500, memory: Size.mebibytes(512) },
    database: { connectionLimit: 20 },
    dsn: { ...libpq, fixed: { JUPYTERHUB_DB_URL: server } },
    source: {
      kind: "sqlite",
      file: "/srv/jupyterhub/jupyterhub.sqlite",
      environment: { JUPYTERHUB_DB_URL: "sqlite:////srv/jupyterhub/jupyterhub.sqlite" },
      schema: {
        kind: "command",
        command: [
          "python3",
          "-c",
          `from jupyterhub.orm import new_session_factory; new_session_factory("${server}")`,
        ],
      },
      migrationTables: ["alembic_version"],
    },
  };
}
