/** A definition whose `source` came or went: the app would start on the other side, where none of its rows are. */
import type { Environment, EnvironmentService } from "../environments/model/environment";
import { phaseMeta } from "../nomad/phase";
import { versionMeta } from "../nomad/version";
import { databaseName, databaseSecretName } from "../services/definition";
import type { Known } from "./known";

interface Case {
  readonly environment: Environment;
  readonly service: EnvironmentService;
  readonly known: Known;
}

/** Only a job that pgmoor made of a definition's fields tells where its app runs: by its password. */
export function otherSide({ environment: { vault }, service, known }: Case): string[] {
  const { definition, phase, rollback } = service;
  const { name, source } = definition;
  const deployed = known.job?.jobspec;
  if (deployed?.includes(`"${versionMeta}"`) !== true || deployed.includes(`"${phaseMeta}"`)) return [];
  const secret = `${vault.mount}/data/${databaseSecretName(databaseName(definition))}\\"`;
  const isOnServer = deployed.includes(secret);
  if (!isOnServer && source === undefined)
    return [
      `${name} runs on its source, and its definition no longer has one: a deploy would start it on its database on the server, without its rows. Put source back into the definition, and move it with phase "cutover". To give its rows up, retire it first, and add it again (docs/retire-a-service.md).`,
    ];
  if (isOnServer && source?.kind === "sqlite" && phase !== "settled" && rollback === undefined)
    return [
      `${name} runs on the server, and its definition has a source now, as if its rows were still there. Remove source from the definition. A service that has moved keeps it.`,
    ];
  return [];
}
