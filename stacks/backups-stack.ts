import { RandomProvider } from "@cdktf/provider-random/lib/provider";
import { TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { ServerBackups } from "../constructs/backups/backups";
import { NomadConnection } from "../constructs/nomad-connection";
import type { Environment } from "../environments/model/environment";
import { ownStacks } from "../environments/model/own-stacks";
import { databaseName } from "../services/definition";
import type { Backups } from "../services/server-job";
import { keepState } from "./backend";
import { fileOf } from "./file-of";
import { vaultProvider } from "./vault-provider";

/** The backups of the central PostgreSQL. */
export class BackupsStack extends TerraformStack {
  /**
   * @param wrapper text of `migrator/peer/task-wrapper.sh`
   * @param ca text of the environment's `server.caFile`
   */
  constructor(
    scope: Construct,
    environment: Environment,
    backups: Backups,
    wrapper: string,
    ca: string | undefined,
  ) {
    super(scope, ownStacks.backups);
    const { vault, server, nomad, migrator } = environment;
    keepState(this, environment, ownStacks.backups);
    this.addOverride("terraform.required_version", ">= 1.11.0");
    vaultProvider(this, vault);
    new NomadConnection(this, "nomad", { ...nomad, caFile: fileOf(nomad.caFile) });
    new RandomProvider(this, "random");
    new ServerBackups(this, "backups", {
      backups,
      program: backups.program ?? migrator.program,
      server: { ...server, ca, preload: server.preload ?? [] },
      datacenter: nomad.datacenter,
      namespace: nomad.namespace,
      region: nomad.region,
      mount: vault.mount,
      telling: environment,
      wrapper,
      queries: Object.fromEntries(
        environment.services.flatMap(({ definition }) => {
          const { restoreQuery } = definition.database;
          return restoreQuery === undefined ? [] : [[databaseName(definition), restoreQuery]];
        }),
      ),
      vault: { jwtAuth: vault.jwtAuth, audience: vault.audience },
    });
  }
}
