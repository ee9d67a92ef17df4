/**
 * Stands for the image `vaultwarden/server` in the lab: takes its variables, makes its own schema in either database, keeps a vault's
 * tables. `GET /alive` is 200 when the database answers; `GET /backend` says which and how many items; `POST /items` adds one.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Database, openPostgres, openSqlite } from "../database";
import { atStart, ignoresServer } from "../faults";
import { endOnSignal, fail, required, serve } from "../serve";
import { statementsOfDump } from "./dump";
import { postgresSchema, sqliteSchema } from "./schema";

async function main(): Promise<void> {
  endOnSignal();
  const url = required("DATABASE_URL");
  const connectionString = /^postgres(ql)?:\/\//.test(url) ? url : undefined;
  const database =
    connectionString && !ignoresServer()
      ? openPostgres({ connectionString })
      : openSqlite(ignoresServer() ? ":memory:" : url);
  await atStart(database, fail);
  await migrate(database);
  // The real one looks through tables of its own at start as well.
  const [users] = await database.query("SELECT count(*) AS n FROM users");
  console.log(`${Number(users!.n)} users`);
  serve({
    database,
    port: Number(process.env.ROCKET_PORT || 8000),
    health: "/alive",
    routes: {
      "GET /alive": async () => {
        await database.query("SELECT 1");
        return new Date().toISOString();
      },
      "GET /backend": async () => {
        const [items] = await database.query("SELECT count(*) AS n FROM ciphers");
        return { backend: database.backend, items: Number(items!.n) };
      },
      "POST /items": () => addItem(database),
    },
  });
}

async function migrate(database: Database): Promise<void> {
  if (await database.hasTable("__diesel_schema_migrations")) return;
  if (database.backend === "sqlite") return database.script(sqliteSchema);
  // The schema of the real program, to move a database that the real one made.
  const dump = process.env.PGMOOR_LAB_SCHEMA_SQL;
  await database.script(dump ? statementsOfDump(readFileSync(dump, "utf8")) : postgresSchema);
}

async function addItem(database: Database): Promise<{ uuid: string }> {
  const uuid = randomUUID();
  // As Vaultwarden writes it to SQLite: nanoseconds, of which PostgreSQL keeps microseconds.
  const now = new Date().toISOString().replace("T", " ").replace("Z", "000000");
  await database.query(
    "INSERT INTO ciphers (uuid, created_at, updated_at, atype, name, data) VALUES ($1, $2, $3, 1, $4, $5)",
    [uuid, now, now, "an item added while running", "{}"],
  );
  return { uuid };
}

main().catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)));
