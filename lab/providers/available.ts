import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { terraformProgram } from "../../terraform-states/program";

/** The providers, at the versions that the stand-ins are modelled on. */
export const pinned = {
  consul: { source: "hashicorp/consul", version: "2.22.1" },
  nomad: { source: "hashicorp/nomad", version: "2.5.2" },
  postgresql: { source: "cyrilgdn/postgresql", version: "1.26.0" },
  random: { source: "hashicorp/random", version: "3.7.2" },
  vault: { source: "hashicorp/vault", version: "5.6.0" },
} as const;

/** A registry that is there answers at once; what takes long is the download. */
const registry = { TF_REGISTRY_DISCOVERY_RETRY: "0", TF_REGISTRY_CLIENT_TIMEOUT: "3" };

/**
 * Whether Terraform can install the real providers, from wherever it is configured to: tried by a
 * `terraform init` in an empty folder, which touches no state and is removed.
 *
 * @param seconds longest time for the download @default 120
 * @param env Terraform's environment @default process.env
 */
export async function realProvidersAvailable(
  seconds = 120,
  env: NodeJS.ProcessEnv = process.env,
): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), "pgmoor-providers-"));
  try {
    await writeFile(
      join(folder, "main.tf.json"),
      JSON.stringify({ terraform: { required_providers: pinned } }),
    );
    return await new Promise<boolean>((resolve) => {
      execFile(
        terraformProgram(env),
        ["init", "-input=false", "-backend=false", "-no-color"],
        {
          cwd: folder,
          env: { ...withoutTerraformSettings(env), ...registry, CHECKPOINT_DISABLE: "1" },
          timeout: seconds * 1000,
        },
        (error) => resolve(error === null),
      );
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** An environment in which Terraform works in its folder, without arguments or providers from elsewhere. */
function withoutTerraformSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const meddles = /^TF_(REATTACH_PROVIDERS|DATA_DIR|WORKSPACE|CLI_ARGS.*)$/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !meddles.test(name)));
}
