import { Port } from "../nomad/port";
import { HealthCheck } from "../nomad/check";
import { HostVolume } from "../nomad/volume";
import { caDirectory } from "../nomad/dsn";
import { Size } from "../nomad/size";
import type { ServiceDefinition } from "./definition";

/**
 * Authelia: single sign-on before the other services.
 * Sources: https://www.authelia.com/configuration/storage/postgres/ (`AUTHELIA_STORAGE_POSTGRES_…`; the address has a
 * scheme), https://www.authelia.com/configuration/methods/environment/ (names of the variables, which secrets there are),
 * https://github.com/jharter1/hashi_homelab (`jobs/services/auth/authelia`: host network, `authelia_data` at `/data`, secrets in
 * `authelia/config`).
 *
 * Its `configuration.yml` and its users are a homelab's own: the job there renders them to `/config`. This definition does not say
 * them. Adopt the job that runs (`pgmoor adopt authelia`), or say them in `job`.
 */
export const authelia: ServiceDefinition = {
  name: "authelia",
  program: { driver: "docker", image: "authelia/authelia:4.39.4", network: "host" },
  port: Port.onHost(9091),
  // Encrypts what it stores: it has to stay the same.
  secrets: [
    { variable: "AUTHELIA_STORAGE_ENCRYPTION_KEY", secret: "authelia/config", field: "encryption_key" },
    { variable: "AUTHELIA_SESSION_SECRET", secret: "authelia/config", field: "session_secret" },
  ],
  volumes: [HostVolume.named("authelia_data").at("/data")],
  health: HealthCheck.http("/api/health"),
  resources: { cpuMegahertz: 200, memory: Size.mebibytes(256) },
  database: { connectionLimit: 10 },
  dsn: {
    style: "variables",
    server: { address: "AUTHELIA_STORAGE_POSTGRES_ADDRESS", prefix: "tcp://" },
    database: "AUTHELIA_STORAGE_POSTGRES_DATABASE",
    username: "AUTHELIA_STORAGE_POSTGRES_USERNAME",
    password: "AUTHELIA_STORAGE_POSTGRES_PASSWORD",
    // It uses TLS when anything is set below `tls`, and then verifies unless it is told not to.
    // https://www.authelia.com/configuration/miscellaneous/introduction/ (`certificates_directory`)
    tls: {
      disable: {},
      require: { AUTHELIA_STORAGE_POSTGRES_TLS_SKIP_VERIFY: "true" },
      "verify-full": {
        AUTHELIA_STORAGE_POSTGRES_TLS_MINIMUM_VERSION: "TLS1.2",
        AUTHELIA_CERTIFICATES_DIRECTORY: caDirectory,
      },
    },
  },
};
