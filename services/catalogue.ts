/** Every service that pgmoor knows. Two take the image that you build for them; the names here are examples. */
import { authelia } from "./authelia";
import type { ServiceDefinition } from "./definition";
import { freshrss } from "./freshrss";
import { gitea } from "./gitea";
import { grafana } from "./grafana";
import { immich } from "./immich";
import { jupyterHub } from "./jupyterhub";
import { mlflow } from "./mlflow";
import { n8n } from "./n8n";
import { nextcloud } from "./nextcloud";
import { prefect } from "./prefect";
import { speedtestTracker } from "./speedtest-tracker";
import { synapse } from "./synapse";
import { uptimeKuma } from "./uptime-kuma";
import { vaultwarden } from "./vaultwarden";

export const catalogue: readonly ServiceDefinition[] = [
  authelia,
  freshrss,
  gitea,
  grafana,
  immich({ release: "v1.132.3", vector: "pgvecto.rs" }),
  jupyterHub("registry.example/jupyterhub-psycopg2:6.1.1"),
  mlflow("registry.example/mlflow-psycopg2:3.17.2"),
  n8n,
  nextcloud,
  prefect,
  speedtestTracker,
  synapse,
  uptimeKuma,
  vaultwarden,
];
