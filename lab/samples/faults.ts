/** What a sample program does wrong when the lab asks for it, by `PGMOOR_LAB_FAULT`. */
import { existsSync } from "node:fs";
import type { Database } from "./database";

const { PGMOOR_LAB_FAULT: fault, PGMOOR_LAB_FAULT_FILE: file, NOMAD_TASK_NAME: task } = process.env;
const buildsSchema = task === "schema";

/** Answers, but not healthily, on one side for as long as a file exists. */
export function unhealthy({ backend }: Database): boolean {
  return fault === `unhealthy-on-${backend}` && file !== undefined && existsSync(file);
}

/** Takes every request and fails it, for as long as a file exists if one is named. One that ignores its server takes no rows, which would be in nobody's way. */
export function broken(method: string | undefined, { backend }: Database): boolean {
  if (ignoresServer()) return method === "POST";
  return !buildsSchema && fault === `broken-on-${backend}` && (file === undefined || existsSync(file));
}

/** Runs on a database of its own in memory, whatever its variables say. */
export function ignoresServer(): boolean {
  return !buildsSchema && fault === "ignores-server";
}

/** Before it looks at its database: hangs, fails, or leaves half a schema; or crashes as the app itself. */
export async function atStart(database: Database, fail: (message: string) => never): Promise<void> {
  if (database.backend !== "postgresql") return;
  if (!buildsSchema) {
    if (fault === "crashes-on-postgresql") fail("crashes, as the lab asked for");
    return;
  }
  if (fault === "schema-hangs") {
    console.log("hangs, as the lab asked for");
    await new Promise(() => setInterval(() => undefined, 60_000));
  }
  if (fault === "schema-fails") fail("fails, as the lab asked for");
  if (fault === "schema-half-made") {
    await database.query("CREATE TABLE users (uuid varchar(40) PRIMARY KEY)");
    fail("fails with half a schema, as the lab asked for");
  }
}
