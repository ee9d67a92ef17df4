/** Apps that need a PostgreSQL from their first start. */
import type { KnownApp } from "./known-app";

/**
 * https://miniflux.app/docs/configuration.html (`DATABASE_URL`; `/healthcheck`),
 * https://github.com/miniflux/v2/blob/main/internal/database/database.go (read: `schema_version`).
 */
const miniflux: KnownApp = {
  name: "Miniflux",
  image: /(^|\/)miniflux$/,
  health: "/healthcheck",
  dsn: { style: "url", variable: "DATABASE_URL", scheme: "postgres" },
  migrationTables: ["schema_version"],
};

/**
 * https://docs.mattermost.com/install/setup-mattermost-server.html (read: `DriverName`, `DataSource` as a URL; PostgreSQL from the first
 * start), https://docs.mattermost.com/administration-guide/configure/environment-configuration-settings.html (`MM_SQLSETTINGS_…`),
 * https://github.com/mattermost/mattermost/blob/master/server/build/Dockerfile (read: `/api/v4/system/ping`, port 8065). A job that keeps
 * its configuration in the database has the same URL in `MM_CONFIG`. Never run here.
 */
const mattermost: KnownApp = {
  name: "Mattermost",
  image: /(^|\/)mattermost(-team-edition|-enterprise-edition)?$/,
  health: "/api/v4/system/ping",
  dsn: {
    style: "url",
    variable: "MM_SQLSETTINGS_DATASOURCE",
    scheme: "postgres",
    fixed: { MM_SQLSETTINGS_DRIVERNAME: "postgres" },
  },
  migrationTables: ["db_migrations"],
};

export const appsOnAServer: readonly KnownApp[] = [miniflux, mattermost];
