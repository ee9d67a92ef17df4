import * as fs from "node:fs/promises";
import * as path from "node:path";
import { cached } from "./cache";
import type { Program } from "./program";

/**
 * Puts a Terraform that was built here on PATH under its own name, for this process and all that it starts: cdktf, the
 * workflows' scripts and `pgmoor` look for it there. An installed one is left as it is.
 */
export async function putOnPath(
  { file, version, from }: Program,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  if (from === "path") return;
  const folder = await cached(
    `terraform-${version}-bin`,
    async (target) => {
      await fs.mkdir(target);
      await fs.symlink(file, path.join(target, "terraform"));
    },
    env,
  );
  env.PATH = [folder, env.PATH].join(path.delimiter);
}
