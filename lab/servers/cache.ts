import * as fs from "node:fs/promises";
import * as os from "node:os";
import * as path from "node:path";
import { onInterrupt } from "./cleanup";

/**
 * Where programs built or unpacked once are kept between runs: `PGMOOR_CACHE`, else `/var/cache/pgmoor` as root,
 * else `pgmoor` in `XDG_CACHE_HOME` or `~/.cache`.
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.PGMOOR_CACHE) return path.resolve(env.PGMOOR_CACHE);
  if (process.getuid?.() === 0) return "/var/cache/pgmoor";
  return path.join(env.XDG_CACHE_HOME || path.join(os.homedir(), ".cache"), "pgmoor");
}

/**
 * The path of `entry` in the cache, made by `fill` when it is not there yet. `fill` gets a path beside it which is
 * renamed at the end: a half-made entry is never seen, and of two runs at once the first one wins.
 */
export async function cached(
  entry: string,
  fill: (target: string) => Promise<void>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const final = path.join(cacheFolder(env), entry);
  if (await exists(final)) return final;
  const draft = `${final}.${process.pid}.part`;
  const discard = () => fs.rm(draft, { recursive: true, force: true });
  const takeBack = onInterrupt(discard);
  await fs.mkdir(path.dirname(final), { recursive: true });
  try {
    await fill(draft);
    await fs.rename(draft, final);
  } catch (error) {
    if (!(await exists(final))) throw error;
  } finally {
    await discard();
    takeBack();
  }
  return final;
}

/** Whether something is at this path. */
export async function exists(file: string): Promise<boolean> {
  return fs.access(file).then(
    () => true,
    () => false,
  );
}
