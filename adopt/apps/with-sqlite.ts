/**
 * Apps that begin on SQLite and can use PostgreSQL. Each fact with its source. Those marked "read" were looked up there in November
 * 2026; none of the apps was run here.
 */
import { caPath } from "../../nomad/dsn";
import { gitea } from "../../services/gitea";
import type { KnownApp } from "./known-app";

/**
 * https://docs.paperless-ngx.com/configuration/#database (read: `PAPERLESS_DBENGINE`, `…DBHOST` and its sisters, `…DATA_DIR`; version 3
 * took `…DBSSLMODE` away for `…DB_OPTIONS`, which version 2 ignores), https://docs.paperless-ngx.com/administration/ (`manage.py`),
 * https://github.com/paperless-ngx/paperless-ngx/tree/main/docker (`/usr/src/paperless`).
 */
const paperless: KnownApp = {
  name: "Paperless-ngx",
  image: /(^|\/)paperless-ngx?$/,
  health: "/accounts/login/",
  dsn: {
    style: "variables",
    server: { host: "PAPERLESS_DBHOST", port: "PAPERLESS_DBPORT" },
    database: "PAPERLESS_DBNAME",
    username: "PAPERLESS_DBUSER",
    password: "PAPERLESS_DBPASS",
    fixed: { PAPERLESS_DBENGINE: "postgresql" },
    tls: {
      disable: { PAPERLESS_DB_OPTIONS: "sslmode=disable" },
      require: { PAPERLESS_DBSSLMODE: "require", PAPERLESS_DB_OPTIONS: "sslmode=require" },
      "verify-ca": paperlessVerifies("verify-ca"),
      "verify-full": paperlessVerifies("verify-full"),
    },
  },
  sqlite: {
    file: "/usr/src/paperless/data/db.sqlite3",
    folderVariable: "PAPERLESS_DATA_DIR",
    schema: { kind: "command", command: ["python3", "/usr/src/paperless/src/manage.py", "migrate"] },
  },
  migrationTables: ["django_migrations"],
};

/** For version 2, and for version 3. */
function paperlessVerifies(mode: string): Record<string, string> {
  return {
    PAPERLESS_DBSSLMODE: mode,
    PAPERLESS_DBSSLROOTCERT: caPath,
    PAPERLESS_DB_OPTIONS: `sslmode=${mode},sslrootcert=${caPath}`,
  };
}

/**
 * https://linkding.link/options/ (read: `LD_DB_…`; `LD_DB_OPTIONS` is JSON for Django's `OPTIONS`, which gives it to libpq),
 * https://linkding.link/installation/ (`/etc/linkding/data`), its `/health`.
 */
const linkding: KnownApp = {
  name: "Linkding",
  image: /(^|\/)linkding$/,
  health: "/health",
  dsn: {
    style: "variables",
    server: { host: "LD_DB_HOST", port: "LD_DB_PORT" },
    database: "LD_DB_DATABASE",
    username: "LD_DB_USER",
    password: "LD_DB_PASSWORD",
    fixed: { LD_DB_ENGINE: "postgres" },
    tls: {
      disable: { LD_DB_OPTIONS: '{"sslmode":"disable"}' },
      require: { LD_DB_OPTIONS: '{"sslmode":"require"}' },
      "verify-full": { LD_DB_OPTIONS: `{"sslmode":"verify-full","sslrootcert":"${caPath}"}` },
    },
  },
  sqlite: {
    file: "/etc/linkding/data/db.sqlite3",
    schema: { kind: "command", command: ["python", "manage.py", "migrate"] },
  },
  migrationTables: ["django_migrations"],
};

/**
 * https://gotify.net/docs/config (`GOTIFY_DATABASE_…`, `GOTIFY_SERVER_…`), https://github.com/gotify/server: `config.example.yml` (read:
 * `data/gotify.db`, `uploadedimagesdir`), `docker/Dockerfile` (read: `./gotify-app` in `/app`, `/health`).
 */
const gotify: KnownApp = {
  name: "Gotify",
  image: /(^|\/)gotify(\/server(-\w+)?)?$/,
  health: "/health",
  dsn: {
    style: "url",
    variable: "GOTIFY_DATABASE_CONNECTION",
    fixed: { GOTIFY_DATABASE_DIALECT: "postgres" },
  },
  sqlite: {
    file: "/app/data/gotify.db",
    fileVariable: "GOTIFY_DATABASE_CONNECTION",
    schema: {
      kind: "app",
      command: ["/app/gotify-app"],
      environment: {
        GOTIFY_SERVER_LISTENADDR: "127.0.0.1",
        GOTIFY_SERVER_PORT: "${NOMAD_PORT_pgmoor_schema}",
        GOTIFY_UPLOADEDIMAGESDIR: "${NOMAD_TASK_DIR}/images",
        GOTIFY_PLUGINSDIR: "${NOMAD_TASK_DIR}/plugins",
      },
    },
  },
  // GORM compares the tables with its types; it records no migrations.
  migrationTables: [],
};

/**
 * https://docs.mealie.io/documentation/getting-started/installation/backend-config/ (read: `DB_ENGINE`, `POSTGRES_…`, `API_PORT`; not
 * there: `API_HOST`), https://github.com/mealie-recipes/mealie/blob/mealie-next/docker/Dockerfile (read: `/app/run.sh`, `/app/data`).
 */
const mealie: KnownApp = {
  name: "Mealie",
  image: /(^|\/)mealie$/,
  health: "/api/app/about",
  dsn: {
    style: "variables",
    server: { host: "POSTGRES_SERVER", port: "POSTGRES_PORT" },
    database: "POSTGRES_DB",
    username: "POSTGRES_USER",
    password: "POSTGRES_PASSWORD",
    fixed: { DB_ENGINE: "postgres" },
  },
  sqlite: {
    file: "/app/data/mealie.db",
    schema: {
      kind: "app",
      command: ["/app/run.sh"],
      environment: { API_HOST: "127.0.0.1", API_PORT: "${NOMAD_PORT_pgmoor_schema}" },
    },
  },
  migrationTables: ["alembic_version"],
};

/**
 * Jellyseerr, now Seerr. https://github.com/seerr-team/seerr/blob/develop/server/datasource.ts (read: `DB_…`, `DB_SSL_…`,
 * `CONFIG_DIRECTORY`, `db/db.sqlite3`, migrations of each database's own), its `server/index.ts` (`PORT`, `HOST`).
 */
const jellyseerr: KnownApp = {
  name: "Jellyseerr",
  image: /(^|\/)(jellyseerr|seerr)$/,
  health: "/api/v1/status",
  dsn: {
    style: "variables",
    server: { host: "DB_HOST", port: "DB_PORT" },
    database: "DB_NAME",
    username: "DB_USER",
    password: "DB_PASS",
    fixed: { DB_TYPE: "postgres" },
    tls: {
      disable: { DB_USE_SSL: "false" },
      require: { DB_USE_SSL: "true", DB_SSL_REJECT_UNAUTHORIZED: "false" },
      "verify-full": { DB_USE_SSL: "true", DB_SSL_CA_FILE: caPath },
    },
  },
  sqlite: {
    file: "/app/config/db/db.sqlite3",
    schema: {
      kind: "app",
      command: ["node", "/app/dist/index.js"],
      environment: {
        HOST: "127.0.0.1",
        PORT: "${NOMAD_PORT_pgmoor_schema}",
        CONFIG_DIRECTORY: "${NOMAD_TASK_DIR}",
      },
    },
  },
  // Written for each database, with other names.
  migrationTables: [{ table: "migrations", compare: "nothing" }],
};

/**
 * https://github.com/firefly-iii/firefly-iii/blob/main/.env.example (`DB_…`; read: `PGSQL_SSL_…`) and `config/database.php` (read:
 * `sslmode`, `sslrootcert`), its `/health`.
 */
const firefly: KnownApp = {
  name: "Firefly III",
  image: /(^|\/)(fireflyiii\/core|firefly-iii|firefly)$/,
  health: "/health",
  dsn: {
    style: "variables",
    server: { host: "DB_HOST", port: "DB_PORT" },
    database: "DB_DATABASE",
    username: "DB_USERNAME",
    password: "DB_PASSWORD",
    fixed: { DB_CONNECTION: "pgsql" },
    tls: {
      disable: { PGSQL_SSL_MODE: "disable" },
      require: { PGSQL_SSL_MODE: "require" },
      "verify-ca": { PGSQL_SSL_MODE: "verify-ca", PGSQL_SSL_ROOT_CERT: caPath },
      "verify-full": { PGSQL_SSL_MODE: "verify-full", PGSQL_SSL_ROOT_CERT: caPath },
    },
  },
  sqlite: {
    file: "/var/www/html/storage/database/database.sqlite",
    fileVariable: "DB_DATABASE",
    schema: { kind: "command", command: ["php", "/var/www/html/artisan", "migrate", "--force"] },
  },
  migrationTables: ["migrations"],
};

/**
 * https://docs.hedgedoc.org/configuration/ (`CMD_DB_URL`, `CMD_HOST`, `CMD_PORT`), its `/status`.
 * https://github.com/hedgedoc/hedgedoc/blob/master/lib/models/index.js (read: it migrates when it starts, by Umzug in Sequelize's
 * storage). The image has no SQLite unless `CMD_DB_URL` says so (https://github.com/hedgedoc/container, its entrypoint, read).
 */
const hedgedoc: KnownApp = {
  name: "HedgeDoc",
  image: /(^|\/)hedgedoc$/,
  health: "/status",
  dsn: { style: "url", variable: "CMD_DB_URL", scheme: "postgres" },
  sqlite: {
    file: "/hedgedoc/db.sqlite",
    fileVariable: "CMD_DB_URL",
    variables: ["CMD_DB_DIALECT", "CMD_DB_STORAGE"],
    schema: {
      kind: "app",
      command: ["node", "app.js"],
      environment: { CMD_HOST: "127.0.0.1", CMD_PORT: "${NOMAD_PORT_pgmoor_schema}" },
    },
  },
  migrationTables: [{ table: "SequelizeMeta", compare: "newest" }],
};

/**
 * https://vikunja.io/docs/config-options/#database, https://github.com/go-vikunja/vikunja: `Dockerfile` (read: `/db/vikunja.db`,
 * `/app/vikunja/vikunja`; built from scratch, so no shell runs pgmoor's wrapper there), `pkg/db/db.go` (read: `sslmode`, `sslrootcert`),
 * `pkg/routes/routes.go` (read: `/api/v1/info`), `pkg/migration/migration.go` (read: xormigrate).
 */
const vikunja: KnownApp = {
  name: "Vikunja",
  image: /(^|\/)vikunja(\/(vikunja|api))?$/,
  health: "/api/v1/info",
  dsn: {
    style: "variables",
    server: { address: "VIKUNJA_DATABASE_HOST" },
    database: "VIKUNJA_DATABASE_DATABASE",
    username: "VIKUNJA_DATABASE_USER",
    password: "VIKUNJA_DATABASE_PASSWORD",
    fixed: { VIKUNJA_DATABASE_TYPE: "postgres" },
    tls: {
      disable: { VIKUNJA_DATABASE_SSLMODE: "disable" },
      require: { VIKUNJA_DATABASE_SSLMODE: "require" },
      "verify-full": { VIKUNJA_DATABASE_SSLMODE: "verify-full", VIKUNJA_DATABASE_SSLROOTCERT: caPath },
    },
  },
  sqlite: {
    file: "/db/vikunja.db",
    fileVariable: "VIKUNJA_DATABASE_PATH",
    schema:
      "the image of Vikunja has no shell, so it cannot build its schema by itself. Give an image with /bin/sh and /app/vikunja/vikunja, and the command that runs its migrations",
  },
  migrationTables: [{ table: "migration", compare: "newest" }],
};

/**
 * https://www.home-assistant.io/integrations/recorder/ (`db_url`, the file's name); `!env_var` of its YAML.
 * https://github.com/home-assistant/core/blob/dev/homeassistant/components/recorder/const.py (read: SQLite, MySQL and PostgreSQL).
 */
const homeAssistant: KnownApp = {
  name: "Home Assistant",
  image: /(^|\/)(home-assistant|homeassistant|hass)$/,
  health: "/manifest.json",
  dsn: { style: "url", variable: "RECORDER_DB_URL" },
  sqlite: {
    file: "/config/home-assistant_v2.db",
    schema:
      'Home Assistant takes its database from configuration.yaml. Write there "recorder:" with "db_url: !env_var RECORDER_DB_URL sqlite:////config/home-assistant_v2.db", and say which command starts it on a configuration of its own, in ${NOMAD_TASK_DIR}, until its tables are there',
  },
  migrationTables: [{ table: "schema_changes", compare: "nothing" }],
};

/**
 * https://github.com/wallabag/docker (read: variables, `/var/www/wallabag/data`, that it starts on SQLite),
 * https://github.com/wallabag/wallabag/blob/master/app/config/parameters.yml.dist (read: `data/db/wallabag.sqlite`).
 */
const wallabag: KnownApp = {
  name: "Wallabag",
  image: /(^|\/)wallabag(\/wallabag)?$/,
  health: "/api/info",
  dsn: {
    style: "variables",
    server: { host: "SYMFONY__ENV__DATABASE_HOST", port: "SYMFONY__ENV__DATABASE_PORT" },
    database: "SYMFONY__ENV__DATABASE_NAME",
    username: "SYMFONY__ENV__DATABASE_USER",
    password: "SYMFONY__ENV__DATABASE_PASSWORD",
    fixed: { SYMFONY__ENV__DATABASE_DRIVER: "pdo_pgsql" },
  },
  sqlite: {
    file: "/var/www/wallabag/data/db/wallabag.sqlite",
    schema:
      "the image of Wallabag writes its configuration from the variables when it starts, and installs itself as a superuser. Say which command makes its tables as the role that owns the database",
  },
  migrationTables: [{ table: "migration_versions", compare: "nothing" }],
};

/**
 * https://forgejo.org/docs/latest/admin/config-cheat-sheet/ (`FORGEJO__database__…`; `GITEA__…` is taken, too), `docker/` of its
 * repository (`environment-to-ini`, `su-exec`, `/data/gitea/gitea.db`).
 */
const forgejo: KnownApp = {
  name: "Forgejo",
  image: /(^|\/)forgejo$/,
  health: "/api/healthz",
  dsn: {
    style: "variables",
    server: { address: "FORGEJO__database__HOST" },
    database: "FORGEJO__database__NAME",
    username: "FORGEJO__database__USER",
    password: "FORGEJO__database__PASSWD",
    fixed: { FORGEJO__database__DB_TYPE: "postgres" },
    tls: {
      disable: { FORGEJO__database__SSL_MODE: "disable" },
      require: { FORGEJO__database__SSL_MODE: "require" },
      "verify-full": { FORGEJO__database__SSL_MODE: "verify-full", PGSSLROOTCERT: caPath },
    },
  },
  otherDsn: gitea.dsn,
  sqlite: {
    file: "/data/gitea/gitea.db",
    fileVariable: "FORGEJO__database__PATH",
    schema: {
      kind: "command",
      command: [
        "/bin/sh",
        "-c",
        'ini="$NOMAD_TASK_DIR/app.ini"; touch "$ini" && environment-to-ini -c "$ini" && chown git "$ini" && su-exec git forgejo -c "$ini" migrate',
      ],
    },
  },
  migrationTables: [
    { table: "version", compare: "nothing" },
    { table: "forgejo_version", compare: "nothing" },
  ],
};

export const appsWithSqlite: readonly KnownApp[] = [
  paperless,
  linkding,
  gotify,
  mealie,
  jellyseerr,
  firefly,
  hedgedoc,
  vikunja,
  homeAssistant,
  wallabag,
  forgejo,
];
