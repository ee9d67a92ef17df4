import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { compareVersions, findOnPath } from "./programs";

const run = promisify(execFile);

/** The oldest Terraform with write-only arguments, which keep passwords out of the state. */
const oldestTerraform = "1.11.0";

/**
 * What this machine lacks to run the lab, one line each, saying what to do. Empty when nothing does.
 * Go is asked for later, and only when a server has to be built.
 */
export async function missingRequirements(env: NodeJS.ProcessEnv = process.env): Promise<string[]> {
  const missing: string[] = [];
  if (process.platform !== "linux") {
    missing.push(`The lab needs Linux (this is ${process.platform}): Nomad's exec driver runs nowhere else.`);
  }
  if (process.getuid?.() !== 0) {
    missing.push("The lab needs root, for Nomad's exec driver: run it with sudo, or in a virtual machine.");
  }
  const terraform = await terraformVersion(env);
  if (terraform === undefined) {
    missing.push(`The lab needs Terraform ${oldestTerraform} or later on PATH: install it.`);
  } else if (compareVersions(terraform, oldestTerraform) < 0) {
    missing.push(
      `The lab needs Terraform ${oldestTerraform} or later, and this is ${terraform}: upgrade it.`,
    );
  }
  return missing;
}

async function terraformVersion(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const file = await findOnPath("terraform", env);
  if (!file) return undefined;
  // CHECKPOINT_DISABLE: it would ask its maker for a newer one.
  const options = { env: { ...env, CHECKPOINT_DISABLE: "1" } };
  const { stdout } = await run(file, ["version", "-json"], options).catch(() => ({ stdout: "" }));
  return /"terraform_version":\s*"([^"]+)"/.exec(stdout)?.[1];
}
