/** The base backup: the server's whole data directory, from which the WAL leads to any second. */
import * as fs from "node:fs/promises";
import * as path from "node:path";
import type { ClientBase } from "pg";
import type { DatabaseLogin } from "../server/login";
import { Failed } from "../base/errors";
import { adminOf, asAdmin } from "./admin";
import { tool } from "./tools";

export interface BaseBackup {
  /** When it was complete, by the server's clock. */
  readonly reachableFrom: string;
  /** The first file of WAL that it needs. */
  readonly start: string;
}

/** Takes it, and checks every file against the manifest that PostgreSQL makes of it. @param folder there is none yet */
export async function baseBackup(
  server: DatabaseLogin["variables"],
  folder: string,
  stop: AbortSignal,
): Promise<BaseBackup> {
  const env = adminOf(server).variables;
  // With the WAL that it needs to be consistent, so that it can be restored without any other.
  const args = [`--pgdata=${folder}`, "--format=plain", "--wal-method=stream", "--checkpoint=fast"];
  await tool({ program: "pg_basebackup", args: [...args, "--no-password", "--label=pgmoor"], env, stop });
  const reachableFrom = await asAdmin(adminOf(server), clockOf);
  await verifyBase(folder, stop);
  const label = await fs.readFile(path.join(folder, "backup_label"), "utf8");
  const start = /^START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)/m.exec(label)?.[1];
  if (start === undefined)
    throw new Failed("the base backup's backup_label does not name its first WAL file");
  return { reachableFrom, start };
}

/** @throws Failed naming the files that are not as they were when the backup was made */
export async function verifyBase(folder: string, stop: AbortSignal): Promise<void> {
  await tool({ program: "pg_verifybackup", args: ["--exit-on-error", "--quiet", folder], env: {}, stop });
}

async function clockOf(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ now: Date }>("SELECT clock_timestamp() AS now");
  return rows[0]!.now.toISOString();
}
