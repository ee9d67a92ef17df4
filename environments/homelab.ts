import { authelia } from "../services/authelia";
import { freshrss } from "../services/freshrss";
import { gitea } from "../services/gitea";
import { grafana } from "../services/grafana";
import { immich } from "../services/immich";
import { nextcloud } from "../services/nextcloud";
import { speedtestTracker } from "../services/speedtest-tracker";
import { uptimeKuma } from "../services/uptime-kuma";
import { vaultwarden } from "../services/vaultwarden";
import { Port } from "../nomad/port";
import { Size } from "../nomad/size";
import { HostVolume } from "../nomad/volume";
import type { Environment } from "./model/environment";

/** A homelab of one Nomad cluster, with Vault, Consul and one PostgreSQL. Copy this file for your own: `environments/mine.ts` is the environment `mine`. */
export const homelab: Environment = {
  name: "homelab",
  nomad: { address: "http://10.0.0.50:4646", datacenter: "dc1", namespace: "default" },
  vault: { address: "http://10.0.0.30:8200", mount: "secret", jwtAuth: "jwt-nomad", audience: "vault.io" },
  // Every node runs a Consul agent; the Nomad server's answers for all of them.
  consul: { address: "http://10.0.0.50:8500" },
  server: {
    service: "postgresql",
    lookup: { by: "dns", host: "postgresql.service.consul", port: 5432 },
    adminSecret: "postgres/admin",
    // The server has no certificate yet; it is reached over the homelab's own network.
    sslmode: "disable",
    maxConnections: 300,
    // Carries the extension that Immich searches pictures with.
    image: "tensorchord/pgvecto-rs:pg16-v0.2.0",
    preload: ["vectors.so"],
    // It runs already. The first plan changes nothing; existing: "taken-over" makes it the job that is described here, with the
    // image above (docs/run-the-server.md).
    job: {
      existing: "watched",
      existingSecret: true,
      group: "postgres",
      port: Port.onHost(5432),
      volume: HostVolume.named("postgres_data").at("/var/lib/postgresql/data"),
      node: "dev-nomad-client-1",
      resources: { cpuMegahertz: 1000, memory: Size.gibibytes(2) },
    },
  },
  // Beside the dumps of before, on the NAS. The server's pg_hba.conf needs a line for replication first (docs/run-the-server.md).
  backups: {
    repository: { in: "volume", volume: "postgres_backups" },
    volume: "postgres_wal",
    timeZone: "UTC",
  },
  domain: "lab.hartr.net",
  migrator: {
    // Built from migrator/image/Dockerfile; `docs/move-a-service.md` says how.
    program: { driver: "docker", image: "pgmoor/migrator:0.1.0", network: "host" },
    snapshots: "postgres_backups",
  },
  // For every machine that deploys, with locking. In files on one laptop they would be lost with it.
  states: { in: "consul", path: "pgmoor/states" },
  services: [
    // They move.
    { definition: vaultwarden, phase: "prepared", existing: ["job"] },
    { definition: speedtestTracker, phase: "prepared", existing: ["job"] },
    // It cannot: its definition says why.
    { definition: uptimeKuma, phase: "prepared", existing: ["job"] },
    {
      definition: immich({ release: "v1.132.3", vector: "pgvecto.rs" }),
      phase: "prepared",
      existing: ["job"],
    },
    // They have been on the server all along, and are adopted as they are.
    ...[freshrss, gitea, nextcloud, authelia, grafana].map((definition) => ({
      definition,
      phase: "prepared" as const,
      existing: ["job", "secret", "database"] as const,
    })),
  ],
};

export default homelab;
