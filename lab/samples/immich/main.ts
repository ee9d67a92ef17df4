/**
 * Stands for the image `immich-app/immich-server` in the lab: takes its variables, waits for its server as the real one's start
 * script lets it, makes its own schema there. `GET /api/server/ping` is 200 when the database answers; `GET /backend` says which
 * server's and how many photos; `POST /assets` adds one.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Database, openPostgres } from "../database";
import { endOnSignal, fail, required, serve } from "../serve";
import { schema } from "./schema";

const patienceSeconds = 30;

async function main(): Promise<void> {
  endOnSignal();
  const database = openPostgres({
    host: required("DB_HOSTNAME"),
    port: Number(required("DB_PORT")),
    database: required("DB_DATABASE_NAME"),
    user: required("DB_USERNAME"),
    password: required("DB_PASSWORD"),
  });
  const major = await connected(database);
  if (!(await database.hasTable("kysely_migrations"))) await database.script(schema);
  serve({
    database,
    port: Number(required("IMMICH_PORT")),
    health: "/api/server/ping",
    routes: {
      "GET /api/server/ping": async () => {
        await database.query("SELECT visibility FROM asset LIMIT 1");
        return { res: "pong" };
      },
      "GET /backend": async () => {
        const [assets] = await database.query("SELECT count(*) AS n FROM asset");
        return { backend: `postgresql ${major}`, items: Number(assets!.n) };
      },
      "POST /assets": async () => {
        const [asset] = await database.query(
          `INSERT INTO asset ("originalPath", "fileCreatedAt", checksum) VALUES ('/new.jpg', now(), $1) RETURNING id`,
          [randomBytes(20)],
        );
        return asset;
      },
    },
  });
}

/** The server's major version, once it answers. */
async function connected(database: Database): Promise<number> {
  const deadline = performance.now() + patienceSeconds * 1000;
  for (;;) {
    try {
      const [row] = await database.query("SHOW server_version_num");
      return Math.floor(Number(row!.server_version_num) / 10_000);
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

main().catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)));
