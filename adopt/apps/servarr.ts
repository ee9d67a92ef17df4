/**
 * Sonarr, Radarr, Lidarr, Prowlarr, Readarr: .NET programs of one family.
 * Sources: https://wiki.servarr.com/sonarr/postgres-setup (read: two databases, `sonarr.db`),
 * https://wiki.servarr.com/sonarr/environment-variables (read: `SONARR__POSTGRES__…`, `…__SERVER__PORT`, `…__SERVER__BINDADDRESS`,
 * `…__LOG__DBENABLED`), https://github.com/linuxserver/docker-sonarr (read: `/app/sonarr/bin/Sonarr -nobrowser -data=/config`), and
 * `PingController.cs` for `/ping`. Of Sonarr alone; its sisters are of one family. None was run.
 */
import type { KnownApp } from "./known-app";

function servarr(name: string): KnownApp {
  const lower = name.toLowerCase();
  const of = (variable: string) => `${name.toUpperCase()}__${variable}`;
  return {
    name,
    image: new RegExp(`(^|/)${lower}$`),
    health: "/ping",
    dsn: {
      style: "variables",
      server: { host: of("POSTGRES__HOST"), port: of("POSTGRES__PORT") },
      database: of("POSTGRES__MAINDB"),
      username: of("POSTGRES__USER"),
      password: of("POSTGRES__PASSWORD"),
      // It keeps its log in a database of its own, whose tables would clash with the other's: the log stays in files.
      fixed: { [of("LOG__DBENABLED")]: "false" },
    },
    sqlite: {
      file: `/config/${lower}.db`,
      schema: {
        kind: "app",
        command: [`/app/${lower}/bin/${name}`, "-nobrowser", "-data=${NOMAD_TASK_DIR}"],
        environment: {
          [of("SERVER__BINDADDRESS")]: "127.0.0.1",
          [of("SERVER__PORT")]: "${NOMAD_PORT_pgmoor_schema}",
        },
      },
    },
    migrationTables: [{ table: "VersionInfo", compare: "newest" }],
  };
}

export const servarrs: readonly KnownApp[] = ["Sonarr", "Radarr", "Lidarr", "Prowlarr", "Readarr"].map(
  servarr,
);
