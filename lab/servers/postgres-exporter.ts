/** postgres_exporter: from PATH, else from the cache, else Debian's package unpacked there. Its Go module is served nowhere. */
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { cached } from "./cache";
import { findOnPath } from "./path";
import type { FindOptions } from "./program";

const run = promisify(execFile);
const debianName = "prometheus-postgres-exporter";

/** @returns the program's file */
export async function findPostgresExporter({ env = process.env, progress }: FindOptions): Promise<string> {
  for (const name of ["postgres_exporter", debianName]) {
    const installed = await findOnPath(name, env);
    if (installed !== undefined) return installed;
  }
  const entry = await cached(debianName, (target) => unpack(target, progress), env);
  return path.join(entry, "usr/bin", debianName);
}

async function unpack(target: string, progress: FindOptions["progress"]): Promise<void> {
  progress("postgres_exporter: fetching Debian's package");
  await fs.mkdir(target, { recursive: true });
  try {
    await run("apt-get", ["download", debianName], { cwd: target });
    const [file] = (await fs.readdir(target)).filter((name) => name.endsWith(".deb"));
    await run("dpkg-deb", ["-x", file!, "."], { cwd: target });
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim();
    throw new Error(
      `postgres_exporter is not on PATH, and Debian's package ${debianName} cannot be fetched: ${said || String(error)}. Install it.`,
      { cause: error },
    );
  }
}
