/** What everything in the lab stands on: the servers, and the providers for Terraform. */
import type { Kinds } from "./kinds";
import { realProvidersAvailable } from "./providers/available";
import { serveProviders, type ServedProviders } from "./providers/serve";
import { bootLab, type BootedLab } from "./servers/boot";
import { embeddedPrograms } from "./servers/embedded";
import type { Lab } from "./servers/lab";
import { findPrograms } from "./servers/programs";
import { personVariables } from "./servers/secure";
import { putOnPath } from "./servers/terraform";

type Say = (line: string) => void;

/** Finds or builds the programs, and boots the lab with these volumes for data. */
export async function bootServers(
  directory: string,
  volumes: readonly string[],
  say: Say,
  beforeNomad?: () => Promise<void>,
  postgres: "beside" | "job" = "beside",
  kinds: Kinds = {},
): Promise<BootedLab> {
  const programs = await findPrograms({ progress: say }, kinds);
  await putOnPath(programs.terraform);
  say(
    Object.values(programs)
      .map(({ name, fork = name, version, from }) => `${fork} ${version} (${from})`)
      .join(", "),
  );
  const embedded = await embeddedPrograms().catch((error: Error) => {
    say(`no service with an embedded PostgreSQL, as its programs are not available here: ${error.message}`);
    return undefined;
  });
  const { secure, openbao } = kinds;
  return bootLab({
    ...{ directory, programs, embedded, volumes, postgres, beforeNomad, secure, openbao },
    progress: say,
  });
}

/** Serves stand-ins where Terraform cannot install the real providers; undefined where it can. */
export async function serveStandIns(lab: Lab, say: Say): Promise<ServedProviders | undefined> {
  if (await realProvidersAvailable()) {
    say("the real providers: Terraform can install them");
    return undefined;
  }
  say("stand-ins: Terraform cannot install the real providers here");
  return serveProviders({ ...process.env, ...personVariables(lab) });
}
