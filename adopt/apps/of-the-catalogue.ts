/** The catalogue's services, by the image that people run, and what they are on before they have a server. */
import { authelia } from "../../services/authelia";
import type { ServiceDefinition } from "../../services/definition";
import { freshrss } from "../../services/freshrss";
import { gitea } from "../../services/gitea";
import { grafana } from "../../services/grafana";
import { immich } from "../../services/immich";
import { n8n } from "../../services/n8n";
import { nextcloud } from "../../services/nextcloud";
import { speedtestTracker } from "../../services/speedtest-tracker";
import { synapse } from "../../services/synapse";
import { uptimeKuma } from "../../services/uptime-kuma";
import { vaultwarden } from "../../services/vaultwarden";
import type { KnownApp, KnownSqlite } from "./known-app";

function known(
  name: string,
  image: RegExp,
  definition: ServiceDefinition,
  more: Partial<Omit<KnownApp, "sqlite">> & { readonly sqlite?: Partial<KnownSqlite> } = {},
): KnownApp {
  const { dsn, source, health, readsDsnOnce, cannotMove } = definition;
  const { sqlite, ...others } = more;
  const file =
    source?.kind === "sqlite"
      ? {
          file: source.file,
          variables: Object.keys(source.environment),
          schema: source.schema,
          ...(source.rules === undefined ? {} : { rules: source.rules }),
        }
      : {};
  return {
    name,
    image,
    health: health.path,
    dsn,
    ...(definition.database.extensions === undefined ? {} : { extensions: definition.database.extensions }),
    migrationTables: source?.migrationTables ?? [],
    ...(readsDsnOnce === undefined ? {} : { readsDsnOnce }),
    ...(cannotMove === undefined ? {} : { cannotMove }),
    ...(source?.kind === "sqlite" || sqlite !== undefined
      ? { sqlite: { ...file, ...sqlite } as KnownSqlite }
      : {}),
    ...others,
  };
}

export const appsOfTheCatalogue: readonly KnownApp[] = [
  known("Vaultwarden", /(^|\/)vaultwarden(\/server)?$/, vaultwarden, {
    sqlite: { fileVariable: "DATABASE_URL", folderVariable: "DATA_FOLDER" },
  }),
  known("Speedtest Tracker", /(^|\/)speedtest-tracker$/, speedtestTracker, {
    sqlite: { fileVariable: "DB_DATABASE" },
  }),
  known("Uptime Kuma", /(^|\/)uptime-kuma$/, uptimeKuma, { sqlite: { folderVariable: "DATA_DIR" } }),
  known("n8n", /(^|\/)n8n$/, n8n),
  known("Immich", /(^|\/)immich-server$/, immich({ release: "v2.0.0", vector: "vectorchord" })),
  known("Synapse", /(^|\/)synapse$/, synapse, {
    before:
      "Synapse reads its database from a file: before the cutover, put /data/homeserver-postgres.yaml beside homeserver.yaml, with database: {name: psycopg2, args: {dbname: …}} (services/synapse.ts)",
  }),
  // https://docs.gitea.com/administration/config-cheat-sheet#database-database (`PATH`), its image for `su-exec`.
  known("Gitea", /(^|\/)gitea$/, gitea, {
    sqlite: {
      file: "/data/gitea/gitea.db",
      fileVariable: "GITEA__database__PATH",
      schema: {
        kind: "command",
        command: [
          "/bin/sh",
          "-c",
          'ini="$NOMAD_TASK_DIR/app.ini"; touch "$ini" && environment-to-ini -c "$ini" && chown git "$ini" && su-exec git gitea -c "$ini" migrate',
        ],
      },
    },
    migrationTables: [{ table: "version", compare: "nothing" }],
  }),
  // https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/#database (`path`, `[paths] data`).
  known("Grafana", /(^|\/)grafana(-oss|-enterprise)?$/, grafana, {
    sqlite: {
      file: "/var/lib/grafana/grafana.db",
      folderVariable: "GF_PATHS_DATA",
      variables: ["GF_DATABASE_PATH"],
      schema: {
        kind: "app",
        command: ["/run.sh"],
        environment: {
          GF_SERVER_HTTP_ADDR: "127.0.0.1",
          GF_SERVER_HTTP_PORT: "${NOMAD_PORT_pgmoor_schema}",
          GF_PATHS_DATA: "${NOMAD_TASK_DIR}",
        },
      },
    },
    migrationTables: [{ table: "migration_log", compare: "nothing" }],
  }),
  // https://www.authelia.com/configuration/storage/sqlite/ (`local.path`): two kinds of storage at a time are refused.
  known("Authelia", /(^|\/)authelia$/, authelia, {
    sqlite: {
      file: "/config/db.sqlite3",
      fileVariable: "AUTHELIA_STORAGE_LOCAL_PATH",
      schema:
        'Authelia refuses two kinds of storage. Where configuration.yml has storage.local, remove it on the server: job: (job, side) => … . Then its schema is built by { kind: "command", command: ["authelia", "storage", "migrate", "up"] }',
    },
    migrationTables: [{ table: "migrations", compare: "nothing" }],
  }),
  // https://docs.nextcloud.com/server/latest/admin_manual/configuration_database/db_conversion.html
  known("Nextcloud", /(^|\/)nextcloud$/, nextcloud, {
    sqlite: {
      file: "/var/www/html/data/owncloud.db",
      variables: ["SQLITE_DATABASE"],
      schema:
        "Nextcloud keeps its database in config.php and converts it by itself: occ db:convert-type. Do that by hand, and adopt it then",
    },
  }),
  // https://freshrss.github.io/FreshRSS/en/admins/DatabaseConfig.html
  known("FreshRSS", /(^|\/)freshrss$/, freshrss, {
    sqlite: {
      file: "/var/www/FreshRSS/data/users/_/db.sqlite",
      schema:
        "FreshRSS has a SQLite file for each user. Export them by its cli/export-sqlite-for-user.php, and import them into PostgreSQL by hand",
    },
  }),
];
