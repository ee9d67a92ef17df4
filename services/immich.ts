import { HealthCheck } from "../nomad/check";
import { caPath } from "../nomad/dsn";
import { Port } from "../nomad/port";
import { HostVolume } from "../nomad/volume";
import { Size } from "../nomad/size";
import type { ServiceDefinition } from "./definition";

/** Which extension Immich searches pictures with. `extensions`: what the admin has to make, in this order. */
const vectorPresets = {
  "pgvecto.rs": { extensions: ["vectors"], variable: "pgvecto.rs", until: 3 },
  vectorchord: { extensions: ["vector", "vchord"], variable: "vectorchord", until: Infinity },
  pgvector: { extensions: ["vector"], variable: "pgvector", until: Infinity },
} as const;

export interface ImmichOptions {
  /** Immich's release: `v1.132.3`. */
  readonly release: `v${number}.${number}.${number}`;
  readonly vector: keyof typeof vectorPresets;
}

/** What the homelab's embedded image starts its server with, by its Dockerfile. */
const vectorSettings = [
  "-c",
  "shared_preload_libraries=vectors.so",
  "-c",
  'search_path="$user", public, vectors',
];

/**
 * Immich: a library of photos and videos, with search by what is in a picture.
 * Sources: https://docs.immich.app/install/environment-variables (variables, Redis),
 * https://docs.immich.app/administration/postgres-standalone (extensions, which of them need a superuser),
 * https://github.com/tensorchord/pgvecto.rs (`docker/pgvecto-rs.Dockerfile`), and the homelab's job for the server beside it.
 *
 * @throws {RangeError} when the release no longer takes the extension
 */
export function immich({ release, vector }: ImmichOptions): ServiceDefinition {
  const [major, minor] = release.slice(1).split(".").map(Number) as [number, number];
  const preset = vectorPresets[vector];
  if (major >= preset.until)
    throw new RangeError(
      `Immich ${release} no longer supports ${vector}. Allowed: vectorchord, pgvector, or a release before v${preset.until}.`,
    );
  const program = {
    driver: "docker",
    image: `ghcr.io/immich-app/immich-server:${release}`,
    network: "host",
  } as const;
  // Until 1.118 the server left the jobs to a second container of the same image.
  const microservices = major === 1 && minor < 118;
  return {
    name: "immich",
    program,
    port: Port.onHost(2283),
    environment: {
      IMMICH_PORT: "2283",
      REDIS_HOSTNAME: "redis.service.consul",
      DB_VECTOR_EXTENSION: preset.variable,
    },
    secrets: [{ variable: "REDIS_PASSWORD", secret: "immich", field: "redis_password" }],
    volumes: [HostVolume.named("immich_upload").at("/usr/src/app/upload")],
    // 1.118 gave the API's paths their present names.
    health: HealthCheck.http(microservices ? "/api/server-info/ping" : "/api/server/ping"),
    resources: { cpuMegahertz: 500, memory: Size.mebibytes(768) },
    companions: microservices
      ? [
          {
            name: "microservices",
            program: { ...program, args: ["start.sh", "microservices"] },
            resources: { cpuMegahertz: 500, memory: Size.mebibytes(768) },
          },
        ]
      : undefined,
    database: {
      connectionLimit: 30,
      extensions: ["cube", "earthdistance", "pg_trgm", "unaccent", "uuid-ossp", ...preset.extensions],
    },
    dsn: {
      style: "variables",
      server: { host: "DB_HOSTNAME", port: "DB_PORT" },
      database: "DB_DATABASE_NAME",
      username: "DB_USERNAME",
      password: "DB_PASSWORD",
      // https://docs.immich.app/install/environment-variables (`DB_SSL_MODE`); its driver verifies by Node's authorities,
      // to which this variable adds: https://nodejs.org/api/cli.html#node_extra_ca_certsfile
      tls: {
        disable: { DB_SSL_MODE: "disable" },
        require: { DB_SSL_MODE: "require" },
        "verify-full": { DB_SSL_MODE: "verify-full", NODE_EXTRA_CA_CERTS: caPath },
      },
    },
    source: {
      kind: "postgres",
      program: { driver: "docker", image: "tensorchord/pgvecto-rs:pg14-v0.2.0", network: "host" },
      command: ["docker-entrypoint.sh", "postgres", ...vectorSettings],
      volume: HostVolume.named("immich_postgres").at("/var/lib/postgresql/data"),
      user: "postgres",
      database: "immich",
      // Not 5432, which the central server has on its host.
      serverEnvironment: { POSTGRES_USER: "postgres", POSTGRES_DB: "immich", PGPORT: "5433" },
      environment: {
        DB_HOSTNAME: "127.0.0.1",
        DB_PORT: "5433",
        DB_USERNAME: "postgres",
        DB_DATABASE_NAME: "immich",
      },
      password: {
        secret: "immich",
        field: "embedded_password",
        app: "DB_PASSWORD",
        server: "POSTGRES_PASSWORD",
      },
      migrationTables: ["kysely_migrations", "kysely_migrations_lock", "migrations", "typeorm_metadata"],
    },
  };
}
