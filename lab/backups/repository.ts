/** The repository, looked at with restic itself. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { readSecret } from "../story/context";
import { bucket, type Ground } from "./ground";

const run = promisify(execFile);

export interface Listed {
  readonly id: string;
  readonly time: string;
  readonly tags: readonly string[];
}

export async function restic(ground: Ground, ...args: string[]): Promise<string> {
  const { s3, lab } = ground;
  const { password } = await readSecret(lab, "postgres/backup_key");
  const env = {
    PATH: "/usr/bin:/bin",
    RESTIC_REPOSITORY: `s3:${s3.endpoint}/${bucket}/pgmoor`,
    RESTIC_PASSWORD: password,
    RESTIC_CACHE_DIR: `${lab.directory}/restic-cache`,
    AWS_ACCESS_KEY_ID: s3.accessKey,
    AWS_SECRET_ACCESS_KEY: s3.secretKey,
  };
  const { stdout } = await run(ground.restic, args, { env, maxBuffer: 1 << 28 });
  return stdout;
}

export async function listed(ground: Ground, tag: "backup" | "wal"): Promise<Listed[]> {
  const all = JSON.parse(await restic(ground, "snapshots", "--json", "--no-lock", "--tag", tag)) as Listed[];
  return all.sort((a, b) => a.time.localeCompare(b.time));
}

/** Backups that are listed and lack something: their manifest, a dump that it names, or the base backup. */
export async function halfBackups(ground: Ground): Promise<string[]> {
  const half: string[] = [];
  for (const { id } of await listed(ground, "backup")) {
    const files = new Set((await restic(ground, "ls", "--no-lock", id)).split("\n"));
    const manifest = JSON.parse(
      await restic(ground, "dump", "--no-lock", id, "manifest.json").catch(
        () => '{"databases":[{"file":"manifest.json"}]}',
      ),
    ) as { databases: { file: string }[] };
    const needed = [
      "base/PG_VERSION",
      "base/backup_manifest",
      "globals.sql",
      ...manifest.databases.map(({ file }) => file),
    ];
    if (needed.some((file) => !files.has(`/${file}`))) half.push(id);
  }
  return half;
}

/** That every byte of it can be read, and is what was written. */
export async function checkAll(ground: Ground): Promise<void> {
  // It wants the repository for itself, and pgmoor-wal copies into it every few seconds.
  await restic(ground, "check", "--read-data", "--quiet", "--retry-lock", "2m");
}
