import { Port } from "../nomad/port";
import { HealthCheck } from "../nomad/check";
import { HostVolume } from "../nomad/volume";
import { Size } from "../nomad/size";
import type { ServiceDefinition } from "./definition";

/**
 * Speedtest Tracker: a history of the internet connection's speed, a Laravel app in LinuxServer's image.
 * Sources: https://docs.speedtest-tracker.dev (variables), https://github.com/linuxserver/docker-speedtest-tracker (port 80
 * inside, `/config`, the app in `/app/www`), https://laravel.com/docs/migrations (`migrate --force`).
 */
export const speedtestTracker: ServiceDefinition = {
  name: "speedtest",
  program: {
    driver: "docker",
    image: "lscr.io/linuxserver/speedtest-tracker:1.9.0",
    network: "bridge",
  },
  port: Port.onHost(8765).to(80),
  // Encrypts values in the database: it has to stay the same through the move.
  secrets: [{ variable: "APP_KEY", secret: "speedtest", field: "app_key" }],
  volumes: [HostVolume.named("speedtest_data").at("/config")],
  // The dashboard at `/` redirects to it, unless it is public.
  health: HealthCheck.http("/admin/login"),
  resources: { cpuMegahertz: 1000, memory: Size.mebibytes(1024) },
  middlewares: ["authelia@file"],
  database: { connectionLimit: 20 },
  dsn: {
    style: "variables",
    server: { host: "DB_HOST", port: "DB_PORT" },
    database: "DB_DATABASE",
    username: "DB_USERNAME",
    password: "DB_PASSWORD",
    fixed: { DB_CONNECTION: "pgsql" },
    // Its config/database.php has `sslmode` fixed to "prefer": it encrypts where the server can, and verifies nothing.
    tls: { disable: {}, require: {} },
  },
  source: {
    kind: "sqlite",
    file: "/config/database.sqlite",
    environment: { DB_CONNECTION: "sqlite", DB_DATABASE: "/config/database.sqlite" },
    schema: { kind: "command", command: ["php", "/app/www/artisan", "migrate", "--force"] },
    migrationTables: ["migrations"],
  },
};
