/** Programs that are installed: where they are, and how new they are. */
import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import * as path from "node:path";

/** The first executable file of this name on PATH. */
export async function findOnPath(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env.PATH ?? "").split(path.delimiter).filter((folder) => path.isAbsolute(folder))) {
    const file = path.join(folder, name);
    const executable = await fs.access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (executable && (await fs.stat(file)).isFile()) return file;
  }
  return undefined;
}

/** Below, at or above zero, as `a` is older than, the same as or newer than `b`. Numbers only: what follows is ignored. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map((part) => parseInt(part, 10) || 0));
  for (let at = 0; at < 3; at++) {
    const difference = (left![at] ?? 0) - (right![at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
