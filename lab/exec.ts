/** A command with the lab's addresses and tokens in its environment, as a shell on a person's machine has those of a cluster. */
import { environmentVariable } from "../environments/model/load";
import { labVariable } from "../environments/lab";
import { realProvidersAvailable } from "./providers/available";
import { serveProviders } from "./providers/serve";
import { runHere } from "./run-here";
import { personVariables } from "./servers/secure";
import type { Lab } from "./servers/lab";
import { findProgram } from "./servers/programs";
import { putOnPath } from "./servers/terraform";
import { freePorts } from "./servers/wait";

/** The lab's variables. `LAB_PORT` is a free port, for a service of your own. */
export function labVariables(lab: Lab, port: number): Record<string, string> {
  return {
    [environmentVariable]: process.env[environmentVariable] ?? "lab",
    [labVariable]: lab.directory,
    LAB_PORT: String(port),
    NOMAD_ADDR: lab.nomad.address,
    CONSUL_HTTP_ADDR: lab.consul.address,
    VAULT_ADDR: lab.vault.address,
    ...personVariables(lab),
    CHECKPOINT_DISABLE: "1",
  };
}

/** What Terraform and cdktf are told of the stand-ins: these need no lock file, and a lock asks the registry. */
export function standInVariables(reattach: string | undefined): Record<string, string> {
  return reattach === undefined ? {} : { TF_REATTACH_PROVIDERS: reattach, CDKTF_SKIP_PROVIDER_LOCK: "true" };
}

/** Runs a command in the lab. Stand-ins serve Terraform where it cannot install the real providers. @returns its exit code */
export async function execInLab(
  lab: Lab,
  [command, ...args]: readonly [string, ...string[]],
): Promise<number> {
  await putOnPath(await findProgram("terraform", { progress: console.error }));
  const [port] = await freePorts(1);
  const variables = labVariables(lab, port!);
  const providers = (await realProvidersAvailable())
    ? undefined
    : await serveProviders({ ...process.env, ...variables });
  try {
    return await runHere(command, args, { ...variables, ...standInVariables(providers?.reattach) });
  } finally {
    await providers?.stop();
  }
}
