/** The logical dump of one database, and what is in it, both of one snapshot. */
import * as path from "node:path";
import type { DatabaseLogin } from "../server/login";
import { adminOf, asAdmin } from "./admin";
import { contentsOf, type DatabaseManifest, type Properties } from "./manifest";
import { tool } from "./tools";

/** Name of a database's dump. What a path or a pattern of restic's could take for something else is written as `%` and its code. */
export function dumpFile(database: string): string {
  const quoted = database.replace(/[^A-Za-z0-9_-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  );
  return `dumps/${quoted}.dump`;
}

/**
 * Not compressed: the repository does that, and finds there what it has already.
 * @param file below `folder`
 */
export async function dumpDatabase(
  server: DatabaseLogin["variables"],
  database: Properties,
  folder: string,
  file: string,
  stop: AbortSignal,
): Promise<DatabaseManifest> {
  const login = adminOf(server, database.name);
  return asAdmin(login, async (client) => {
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
    const { rows } = await client.query<{ id: string }>("SELECT pg_export_snapshot() AS id");
    const args = ["--format=custom", "--compress=0", "--no-password", `--snapshot=${rows[0]!.id}`];
    const [contents] = await Promise.all([
      contentsOf(client),
      tool({
        program: "pg_dump",
        args: [...args, `--file=${path.join(folder, file)}`],
        env: login.variables,
        stop,
      }),
    ]);
    return { ...database, ...contents, file };
  });
}

/** Roles, without their passwords: those are in Vault. */
export async function dumpGlobals(
  server: DatabaseLogin["variables"],
  file: string,
  stop: AbortSignal,
): Promise<void> {
  await tool({
    program: "pg_dumpall",
    args: ["--globals-only", "--no-role-passwords", "--no-password", `--file=${file}`],
    env: adminOf(server).variables,
    stop,
  });
}
