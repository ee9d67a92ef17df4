/**
 * Stands for the image `linuxserver/speedtest-tracker` in the lab: takes Laravel's variables, makes its own schema in either database.
 * `migrate` as its argument builds the schema and ends, as `php artisan migrate --force` does. Else it serves on PORT: `GET /` is 200
 * when the database answers; `GET /backend` says which and how many results; `POST /results` adds one.
 */
import { type Database, openPostgres, openSqlite } from "../database";
import { endOnSignal, fail, required, serve } from "../serve";
import { migrations, postgresSchema, sqliteSchema } from "./schema";

async function main(): Promise<void> {
  endOnSignal();
  required("APP_KEY");
  const database = open();
  await migrate(database);
  if (process.argv[2] === "migrate") return database.close();
  serve({
    database,
    port: Number(required("PORT")),
    health: "/admin/login",
    routes: {
      "GET /admin/login": async () => {
        const [latest] = await database.query("SELECT ping FROM results ORDER BY created_at DESC LIMIT 1");
        return { name: "Speedtest Tracker", latest: latest ?? null };
      },
      "GET /backend": async () => {
        const [results] = await database.query("SELECT count(*) AS n FROM results");
        return { backend: database.backend, items: Number(results!.n) };
      },
      "POST /results": () => addResult(database),
    },
  });
}

function open(): Database {
  const connection = required("DB_CONNECTION");
  if (connection === "sqlite") return openSqlite(required("DB_DATABASE"));
  if (connection !== "pgsql") fail(`DB_CONNECTION is ${connection}; sqlite and pgsql are supported`);
  return openPostgres({
    host: required("DB_HOST"),
    port: Number(process.env.DB_PORT || 5432),
    database: required("DB_DATABASE"),
    user: required("DB_USERNAME"),
    password: required("DB_PASSWORD"),
  });
}

async function migrate(database: Database): Promise<void> {
  if (await database.hasTable("migrations")) return console.log("Nothing to migrate.");
  const schema = database.backend === "sqlite" ? sqliteSchema : postgresSchema;
  const rows = migrations.map((name) => `('${name}', 1)`).join(", ");
  await database.script(`${schema}; INSERT INTO migrations (migration, batch) VALUES ${rows}`);
  for (const name of migrations) console.log(`${name} DONE`);
}

async function addResult(database: Database): Promise<{ id: number }> {
  const now = new Date().toISOString().replace("T", " ").slice(0, 19);
  const [row] = await database.query(
    `INSERT INTO results (ping, download, upload, data, status, scheduled, healthy, created_at, updated_at)
     VALUES ($1, $2, $3, $4, 'completed', $5, $6, $7, $7) RETURNING id`,
    [4.25, 117_000_000, 23_000_000, '{"isp":"Lab"}', false, true, now],
  );
  return { id: Number(row!.id) };
}

main().catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)));
