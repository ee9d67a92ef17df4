import { libpqTls } from "../nomad/dsn";
import { Port } from "../nomad/port";
import { HealthCheck } from "../nomad/check";
import { HostVolume } from "../nomad/volume";
import { Size } from "../nomad/size";
import type { ServiceDefinition } from "./definition";

/**
 * Nextcloud: files, calendars, contacts.
 *
 * It reads `POSTGRES_…` once, at its installation, and keeps what it read in its `config.php`; from then on a new password
 * or address in those would not reach it. Its `NC_…` variables do, since they stand above `config.php` at every request, so
 * both get the values. `config.php` itself keeps the old ones: whoever takes the variables away has to mend it.
 * Sources: https://github.com/nextcloud/docker (`POSTGRES_…`, port), `lib/private/Config.php` of its server for `NC_…`, and
 * https://github.com/jharter1/hashi_homelab, commit be84d98 (`jobs/services/nextcloud.nomad.hcl`: `nextcloud_data` holds the
 * users' files alone, `nextcloud_config` the configuration).
 *
 * Mounted at `/var/www/html`, `nextcloud_data` would get a fresh Nextcloud among the users' files. Should your volume hold all of
 * `/var/www/html`, as in the image's own example, give `volumes` yourself.
 */
export const nextcloud: ServiceDefinition = {
  name: "nextcloud",
  program: { driver: "docker", image: "nextcloud:31.0.8", network: "bridge" },
  port: Port.onHost(8083).to(80),
  volumes: [
    HostVolume.named("nextcloud_data").at("/var/www/html/data"),
    HostVolume.named("nextcloud_config").at("/var/www/html/config"),
  ],
  health: HealthCheck.http("/status.php"),
  resources: { cpuMegahertz: 1000, memory: Size.mebibytes(1536) },
  database: { connectionLimit: 20 },
  dsn: {
    style: "variables",
    server: { address: ["POSTGRES_HOST", "NC_dbhost"] },
    database: ["POSTGRES_DB", "NC_dbname"],
    username: ["POSTGRES_USER", "NC_dbuser"],
    password: ["POSTGRES_PASSWORD", "NC_dbpassword"],
    // It gives Doctrine no sslmode (lib/private/DB/ConnectionFactory.php of its server).
    tls: libpqTls,
  },
};
