import * as fs from "node:fs/promises";
import * as path from "node:path";
import { cached } from "./cache";
import type { Program } from "./program";

/**
 * Puts a Terraform or an OpenTofu that was built here on PATH under its own name, for this process and all that it starts: cdktf,
 * the workflows' scripts and `pgmoor` look for it there. An installed one is left as it is.
 */
export async function putOnPath(
  { file, version, from, fork }: Program,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  if (from === "path") return;
  const [called, entry] = fork === "opentofu" ? ["tofu", "opentofu"] : ["terraform", "terraform"];
  const folder = await cached(
    `${entry}-${version}-bin`,
    async (target) => {
      await fs.mkdir(target);
      await fs.symlink(file, path.join(target, called));
    },
    env,
  );
  env.PATH = [folder, env.PATH].join(path.delimiter);
  // cdktf's own variable.
  if (fork === "opentofu") env.TERRAFORM_BINARY_NAME = called;
}
